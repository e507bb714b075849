"""The commands of cluster/README.md for two nodes by hand, run as they stand: with a token, from start to champion."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.watched import strike
from tests.leftovers import MARK, marked_with
from tests.ports import free_port

ROOT = Path(__file__).parents[2]
SMALL = {
    "sweep.num_samples": 2,
    "sweep.max_concurrent": 1,
    "stop.agent_steps": 4_000,
    "sweep.scheduler.grace_agent_steps": 2_000,
    "game.arenas": 2,
    "game.episode_steps": 40,
    "rollout.runners": 1,
    "training.train_batch_size": 1_000,
    "training.minibatch_size": 500,
    "evaluation.episodes": 4,
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


def documented(heading: str) -> list[str]:
    """The commands of a section, without their comments."""
    section = (ROOT / "cluster" / "README.md").read_text().partition(f"## {heading}\n")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return [line.partition("  #")[0].strip() for line in found.group(1).splitlines()]


@pytest.fixture
def own_home(tmp_path: Path, godot_bin: Path) -> Iterator[dict[str, str]]:
    """The environment of somebody new, without a token; whatever is started in it ends with the test."""
    home = tmp_path / "home"
    home.mkdir()
    others = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    yield {
        **others,
        MARK: str(tmp_path),
        "HOME": str(home),
        "GODOT_BIN": str(godot_bin),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "RAY_raylet_start_wait_time_s": "180",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    for process in marked_with(str(tmp_path)):
        strike(process, signal.SIGKILL)


def on_one_machine(command: str, port: int, dashboard: int, results: Path) -> str:
    """A documented command with this machine for all nodes: ports and a folder that are free, small settings."""
    command = command.replace("HEAD", "127.0.0.1").replace(":6379", f":{port}").replace("=6379", f"={port}")
    command = command.replace(":8265", f":{dashboard}").replace("/shared/results", str(results))
    command = command.removeprefix("make setup && ").replace(".venv/bin/", "")
    if command.startswith("ray start"):
        scratch = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets below it: their paths must be short
        command += f" --temp-dir={scratch} --dashboard-agent-listen-port=0 --num-cpus=2"
    if "--head" in command:
        command = command.replace("0.0.0.0", "127.0.0.1") + f" --dashboard-port={dashboard}"
    if " submit " in command:
        command += "".join(f" --set {name}={value}" for name, value in SMALL.items())
    return command


def test_two_nodes_by_hand_train_a_champion(own_home: dict[str, str], tmp_path: Path) -> None:
    commands = documented("Two nodes by hand")
    assert len(commands) == 5
    port, dashboard, results = free_port(), free_port(), tmp_path / "results"
    script = [on_one_machine(command, port, dashboard, results) for command in commands]

    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join(script)],
        cwd=ROOT,
        env=own_home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )

    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert (tmp_path / "home" / ".ray" / "auth_token").is_file()
    assert "champion" in done.stdout, said[-6000:]
    (sweep,) = [path for path in results.iterdir() if path.name.startswith("interaction_asha")]
    assert (sweep / "report" / "sweep.html").is_file()
    stranger = [*shlex.split("spacetime-rl jobs list --address"), f"http://127.0.0.1:{dashboard}"]
    refused = subprocess.run(
        stranger, env={**own_home, "RAY_AUTH_MODE": "disabled"}, capture_output=True, text=True, cwd=tmp_path
    )
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "token" in refused.stderr
