"""The files in docs/ci do what they say: every step runs here, with small values for the variables of the file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.ci_file import Ci

CI = Path(__file__).parents[2] / "docs" / "ci"
SMALL = {
    "STEPS": "16000",  # the fewest in which an episode of vr_locomotion ends
    "LEAST_RETURN": "-200",
    "EPISODES": "4",
    "GATE_EPISODES": "60",
    "PLAYTEST_EPISODES": "2",
    "GAMES": "2",
    "MINUTES": "0.05",
    "VIDEOS": "0",
    "SMOKE_STEPS": "1000",
    "NIGHTLY_STEPS": "1000",
    "NIGHTLY_GAMES": "2",
    "NIGHTLY_EPISODES": "4",
    "NIGHTLY_MINUTES": "0.05",
}


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("file", sorted(CI.rglob("*.yml")), ids=lambda file: file.name)
def test_every_step_of_the_file_runs(file: Path, tmp_path: Path, godot_bin: Path) -> None:
    """Only what installs programs or asks the CI service is replaced, by commands of the same names."""
    ci = Ci.read(file)
    unknown = ci.variables.keys() - SMALL.keys()
    assert not unknown, "give these a small value"
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, code in {"pip": 0, "sudo": 0, "gh": 1}.items():
        (commands / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (commands / name).chmod(0o755)
    path = os.pathsep.join([str(commands), str(Path(sys.executable).parent), os.environ["PATH"]])
    small = {name: SMALL[name] for name in ci.variables}
    env = {**os.environ, **small, "PATH": path, "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    work = tmp_path / "work"
    work.mkdir()

    for script in ci.scripts:
        done = subprocess.run(
            ["bash", "-e", "-c", script.text],
            capture_output=True,
            text=True,
            timeout=1200,
            cwd=work,
            env=env,
            check=False,
        )
        assert done.returncode == 0 or script.may_fail, f"{script.name}\n{done.stdout}\n{done.stderr}"

    if "nightly" in file.name or file.name.startswith("gitlab"):
        page = (work / "nightly" / "RL_NIGHTLY_REPORT.md").read_text()
        assert "**nothing got worse**" in page
        assert "![learning" in page
