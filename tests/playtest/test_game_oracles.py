"""Oracles inside the game: what they see travels with the episode, and is found again from its file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import Done
from support.touch_run import RUN

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import OraclesConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.errors import ConfigError
from spacetime_rl.playtest.oracle_check import check_game_oracle
from spacetime_rl.playtest.watchers import watched

PAGE = (Path(__file__).parents[2] / "docs" / "playtest.md").read_text()
PLAN = {"players": {"random": 1}, "episodes": 2, "games": 1, "reproduce": 2, "shorten": 8}
CONFIG = RunConfig.model_validate({**RUN, "scenario": {"params": {"max_ticks": 60}}})
TOO_FAR = """extends RLOracle


func _tick(_delta: float) -> void:
	for agent: RLAgent in arena.agents:
		if agent.active and agent.body.position.x > 1.0:
			report(agent.policy_name, "too far to the right", agent)
"""
BROKEN = "extends RLOracle\n\n\nfunc _end_decision() -> void:\n\tarena.root.get_node(^'Missing').queue_free()\n"


def write(folder: Path, params: dict[str, Any] | None = None, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.gd").write_text(text)
    playtest = {**PLAN, "oracles": {"custom": [f"{name}.gd" for name in files]}}
    (folder / "touch.yaml").write_text(yaml.safe_dump({**RUN, "scenario": {"params": params}, "playtest": playtest}))


def test_what_an_oracle_in_the_game_sees_is_found_shortened_and_in_the_file(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    write(tmp_path, {"fault": "warning", "fault_tick": 20}, too_far=TOO_FAR)

    done = command("playtest", "touch.yaml", "--json")

    assert done.code == 1, done.err
    report = json.loads(done.out)
    found = {finding["sighting"]["oracle"]: finding for finding in report["findings"]}
    assert found["too_far"]["sighting"]["severity"] == "error"
    assert found["warning"]["sighting"]["message"].endswith("a mere warning")
    for name in ("too_far", "warning"):
        assert found[name]["reproduces"] == "reproduces 2 of 2"
        assert 0 < found[name]["decisions"] < found[name]["recorded_decisions"]
        episode = read_episode(tmp_path / report["store"] / found[name]["name"] / "episode.parquet")
        assert found[name]["sighting"]["key"] in [sighting.key for sighting in episode.trace.sightings]


def test_an_oracle_that_fails_is_left_out_and_a_crash_at_exit_is_a_warning(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    write(tmp_path, {"max_ticks": 60, "fault": "exit_crash"}, broken=BROKEN)
    done = command("playtest", "touch.yaml", "--json")
    assert done.code == 3, done.err
    report = json.loads(done.out)
    assert report["episodes"] == 2
    (problem,) = report["problems"]
    assert problem.startswith("the oracle broken.gd failed: ")
    found = {finding["sighting"]["oracle"]: finding["sighting"] for finding in report["findings"]}
    assert "script_error" not in found
    assert found["exit_crash"]["severity"] == "warning"  # of another class than a crash in an episode
    assert "crash" not in found


def test_an_oracle_file_that_there_is_not_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"playtest.oracles.custom: .*nobody.gd: no such file"):
        watched(make_launch(CONFIG), OraclesConfig(custom=("nobody.gd",)), tmp_path)


def test_thresholds_reach_the_game_and_null_switches_an_oracle_off() -> None:
    launch = watched(make_launch(CONFIG), OraclesConfig.model_validate({"jitter": None, "inside_body": {"depth": 2}}))
    assert launch.oracles["inside_body"] == {"seconds": 0.5, "depth": 2.0}
    assert "jitter" not in launch.oracles


@pytest.mark.usefixtures("godot_bin")
def test_the_pages_oracle_passes_its_check_and_one_that_changes_the_game_does_not(tmp_path: Path) -> None:
    (text,) = re.findall(r"```gdscript\n# too_high.gd\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "too_high.gd").write_text(text)
    (tmp_path / "dice.gd").write_text("extends RLOracle\n\n\nfunc _tick(_delta: float) -> void:\n\tarena.rng.randf()\n")
    check_game_oracle(tmp_path / "too_high.gd", CONFIG, episodes=1)
    with pytest.raises(AssertionError, match="the oracle changes the game"):
        check_game_oracle(tmp_path / "dice.gd", CONFIG, episodes=1)
