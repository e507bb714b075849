"""Which Python a job is run by: processes stand for Ray's raylet and supervisor, the shell is real."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from spacetime_rl.jobs.entrypoint import entrypoint

SUPERVISOR = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1], shell=True).returncode)"
RAYLET = "import subprocess, sys; sys.exit(subprocess.run([sys.executable, '-c', *sys.argv[-2:]]).returncode)"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """What is on the PATH: a `python` that is not Ray's."""
    for tool in ("tr", "sed"):
        (tmp_path / tool).symlink_to(f"/usr/bin/{tool}" if Path(f"/usr/bin/{tool}").exists() else f"/bin/{tool}")
    other = tmp_path / "python"
    other.write_text('#!/bin/sh\necho "another one: $@"\n')
    other.chmod(0o755)
    (tmp_path / "which.py").write_text("import sys; print('Ray\\'s:', sys.argv[1:])")
    return tmp_path


def run(machine: Path, *of_the_raylet: str, virtual_env: str = "") -> str:
    command = [sys.executable, "-c", RAYLET, *of_the_raylet, SUPERVISOR, entrypoint("which", ["a b", "$c"])]
    environment = {**os.environ, "PATH": str(machine), "PYTHONPATH": str(machine), "VIRTUAL_ENV": virtual_env}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_it_is_that_of_rays_workers_whatever_the_path_says(machine: Path) -> None:
    worker = f"--python_worker_command={sys.executable} setup_worker.py default_worker.py --node-ip-address=1.2.3.4"

    assert run(machine, "--node_ip_address=1.2.3.4", worker) == "Ray's: ['a b', '$c']"


def test_it_is_the_one_that_ray_made_for_the_job(machine: Path) -> None:
    worker = f"--python_worker_command={sys.executable} setup_worker.py"
    made = "/tmp/ray/session_1/runtime_resources/uv/abc/virtualenv"

    assert run(machine, worker, virtual_env=made) == "another one: -m which a b $c"


def test_it_is_the_one_of_the_path_where_ray_does_not_tell(machine: Path) -> None:
    assert run(machine) == "another one: -m which a b $c"
