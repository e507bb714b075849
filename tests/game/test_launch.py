"""What a launch may say, and what the game is told."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.errors import LaunchError, UsageError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "exactly one of scenario, project and env_path; given: none"),
        ({"scenario": "a", "project": Path("b")}, "given: scenario, project"),
        ({"scenario": "a", "scene": "b"}, "scene: names a scene of `project`"),
        ({"scenario": "a", "arenas": 0}, "arenas: must be positive, not 0"),
        ({"scenario": "a", "action_repeat": -1}, "action_repeat: must be positive"),
        ({"scenario": "a", "step_timeout_s": 0}, "step_timeout_s: must be positive"),
    ],
)
def test_contradictions_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        GameLaunch(**settings)


def test_a_launch_can_be_pickled() -> None:
    launch = GameLaunch(scenario="vr_interaction", params={"players": 4})
    assert pickle.loads(pickle.dumps(launch)) == launch


def test_a_game_file_that_cannot_be_run_is_refused_before_the_launch(tmp_path: Path) -> None:
    path = tmp_path / "game.exe"
    path.write_bytes(b"MZ" + bytes(100))
    with pytest.raises(UsageError, match=r"game\.env_path: .*game\.exe is not a program for this machine \(a Windows"):
        open_game(GameLaunch(env_path=path))


def test_a_frame_is_a_physics_tick_also_where_a_stock_plugin_sets_their_rate(tmp_path: Path) -> None:
    assert GameLaunch(project=tmp_path).frames_per_s == 60
    assert GameLaunch(scenario="vr_navigation", physics_hz=72).frames_per_s == 72
    (tmp_path / "addons/spacetime_rl").mkdir(parents=True)
    (tmp_path / "project.godot").write_text("config_version=5\n")
    assert GameLaunch(project=tmp_path).frames_per_s == 60  # the engine's default
    (tmp_path / "project.godot").write_text("[physics]\n\ncommon/physics_ticks_per_second=120\n")
    assert GameLaunch(project=tmp_path).frames_per_s == 120
    assert GameLaunch(project=tmp_path, physics_hz=72).frames_per_s == 72
    assert GameLaunch(scenario="vr_navigation").frames_per_s == 90


def test_the_game_is_told_everything_it_was_launched_with(tmp_path: Path) -> None:
    path = tmp_path / "game.sh"
    path.write_text('#!/bin/sh\nfor argument in "$@"; do echo "$argument"; done\n')
    path.chmod(0o755)
    launch = GameLaunch(
        env_path=path, arenas=3, seed=5, action_repeat=4, params={"a": [1, "b c"]}, extra_args=("--x=1",), physics_hz=60
    )
    with pytest.raises(LaunchError, match="exit code 0") as caught:
        open_game(launch)
    told = [line.removeprefix("  | ") for line in str(caught.value).splitlines()[1:]]
    engine, game = told[: told.index("--")], told[told.index("--") + 1 :]
    assert engine[:6] == ["--headless", "--fixed-fps", "60", "--disable-render-loop", "--xr-mode", "off"]
    assert {"--env_seed=5", "--action_repeat=4"} < set(engine) & set(game)  # a stock game reads the former only
    assert {"--arenas=3", "--x=1", f"--params={json.dumps({'a': [1, 'b c']})}"} < set(game)
    assert not any("token" in argument for argument in engine)


def test_the_game_has_user_data_of_its_own(fake: Callable[..., GameLaunch]) -> None:
    with open_game(fake()) as one, open_game(fake()) as other:
        assert one.log_path.read_text() != other.log_path.read_text()  # they print their folder
