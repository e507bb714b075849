"""On Windows and macOS every module can be imported, and a command that cannot work there says so."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow  # each system imports every module in a process of its own

SCRIPT = Path(__file__).parent / "support" / "another_system.py"
SYSTEMS = {"win32": "Windows", "darwin": "macOS"}
PLAYS: tuple[str, ...] = (
    "train vr_interaction",
    "sweep sweeps/interaction_asha",
    "eval baseline --config vr_interaction",
)
PLAYS += ("play vr_interaction", "bench", "baseline vr_interaction", "godot install")


@pytest.fixture(scope="module", params=list(SYSTEMS))
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    """The name of a system, and what `another_system.py` found in its likeness, in an empty folder."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), request.param],
        cwd=tmp_path_factory.mktemp(request.param),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return SYSTEMS[request.param], json.loads(done.stdout)


Tried = tuple[str, dict[str, Any]]


def test_every_module_can_be_imported(tried: Tried) -> None:
    assert tried[1]["problems"] == {}


@pytest.mark.parametrize("command", PLAYS)
def test_a_command_that_plays_games_says_that_it_cannot_here(tried: Tried, command: str) -> None:
    system, found = tried

    assert found["commands"][command]["code"] == 2
    assert (
        f"games are played on Linux only, and this is {system}; `spacetime-rl submit`"
        in (found["commands"][command]["said"])
    )


def test_what_needs_no_game_works(tried: Tried) -> None:
    commands = tried[1]["commands"]

    for command in ("--version", "scenarios", "scenarios --json", "train --help"):
        assert commands[command]["code"] == 0, commands[command]
    names = [scenario["name"] for scenario in json.loads(commands["scenarios --json"]["said"])["scenarios"]]
    assert "vr_interaction" in names
    assert "no-such-run" in commands["export no-such-run"]["said"]


def test_a_cluster_is_asked(tried: Tried) -> None:
    commands = tried[1]["commands"]

    for command in ("submit train vr_interaction", "jobs list"):
        ended = commands[f"{command} --address http://127.0.0.1:9"]
        assert (ended["code"], "127.0.0.1:9" in ended["said"]) == (3, True), ended
