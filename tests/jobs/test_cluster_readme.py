"""The commands of cluster/README.md for two nodes by hand, run as they stand: with a token, from start to champion.

Once with this machine for both nodes, and once with two network namespaces, where each node has an address of its own.
"""

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
from chaos.watched import strike
from support.leftovers import MARK, marked_with
from support.ports import free_port
from support.two_machines import TwoMachines

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


class OneMachine:
    """This machine for all nodes: the documented ports may be taken."""

    head = "127.0.0.1"
    enter: tuple[str, ...] = ()  # words before a command of the first node
    enter_other: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.port, self.dashboard = free_port(), free_port()

    def addressed(self, command: str) -> str:
        """A documented command with this machine's address and ports that are free."""
        command = command.replace("HEAD", self.head).replace(":6379", f":{self.port}").replace("=6379", f"={self.port}")
        command = command.replace(":8265", f":{self.dashboard}").replace("0.0.0.0", self.head)
        if command.startswith("ray start"):
            command += " --dashboard-agent-listen-port=0"
        return f"{command} --dashboard-port={self.dashboard}" if "--head" in command else command

    def close(self) -> None:
        """Nothing was made."""


class Apart(TwoMachines):
    """A machine for each node: all ports are free."""

    dashboard = 8265

    def addressed(self, command: str) -> str:
        """A documented command, where it belongs."""
        command = command.replace("HEAD", self.head)
        return shlex.join(self.enter_other) + " " + command if "--address=" in command else command


@pytest.fixture(params=[OneMachine, Apart])
def place(request: pytest.FixtureRequest) -> Iterator[OneMachine | Apart]:
    """Where the nodes are."""
    place = request.param()
    yield place
    place.close()


def here(command: str, place: OneMachine | Apart, results: Path) -> str:
    """A documented command for the nodes of a place, with small settings."""
    command = command.removeprefix("make setup && source .venv/bin/activate && ")
    command = command.replace("/shared/results", str(results))
    if command.startswith("ray start"):
        scratch = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets below it: their paths must be short
        command += f" --temp-dir={scratch} --num-cpus=2"
    if " submit " in command:
        command += "".join(f" --set {name}={value}" for name, value in SMALL.items())
    return place.addressed(command)


def test_two_nodes_by_hand_train_a_champion(
    place: OneMachine | Apart, own_home: dict[str, str], tmp_path: Path
) -> None:
    commands = documented("Two nodes by hand")
    assert len(commands) == 5
    results = tmp_path / "results"
    script = [here(command, place, results) for command in commands]

    done = subprocess.run(
        [*place.enter, "bash", "-euxo", "pipefail", "-c", "\n".join(script)],
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
    stranger = [
        *place.enter,
        *shlex.split("spacetime-rl jobs list --address"),
        f"http://{place.head}:{place.dashboard}",
    ]
    refused = subprocess.run(
        stranger, env={**own_home, "RAY_AUTH_MODE": "disabled"}, capture_output=True, text=True, cwd=tmp_path
    )
    assert refused.returncode == 3, refused.stdout + refused.stderr
    assert "token" in refused.stderr
