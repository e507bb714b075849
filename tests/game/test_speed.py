"""How fast a game goes: its speed changes when things happen, never what happens; a window shows it while it learns."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.errors import LaunchError, RendererMissing, UsageError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.display import XServer
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import scenarios

# What their agents see is how long the engine worked.
MEASURES_TIME = {"physics_stress", "voxel_terrain"}
Make = Callable[..., GameLaunch]


def _played(launch: GameLaunch, decisions: int) -> tuple[np.ndarray, float]:
    """Everything that was seen and paid, and the seconds that it took from the first observation."""
    generator = np.random.default_rng(5)
    with open_game(launch) as game:
        seen = [np.concatenate([part.ravel() for part in game.reset(seed=3).observations])]
        began = time.monotonic()
        for _ in range(decisions):
            shapes = [(game.spec.group_size(g), group.layout.action_size) for g, group in enumerate(game.spec.groups)]
            now = game.step([generator.integers(0, 2, shape).astype(np.float32) for shape in shapes])
            seen.append(np.concatenate([*(part.ravel() for part in now.observations), now.rewards, now.truncated]))
        return np.concatenate(seen), time.monotonic() - began


def test_a_speed_sets_the_pace_and_not_what_is_played(touch: Make) -> None:
    usual, _ = _played(touch(action_repeat=9), 20)
    paced, seconds = _played(touch(action_repeat=9, speed=4.0), 20)

    np.testing.assert_array_equal(paced, usual)
    assert seconds > 0.8 * 20 * 9 / 90 / 4  # it takes at least its time; the engine may catch up a little at first


@pytest.mark.parametrize("scenario", sorted({scenario.name for scenario in scenarios()} - MEASURES_TIME))
def test_a_scenario_plays_the_same_at_any_speed(scenario: str, godot_bin: Path) -> None:
    short = GameLaunch(scenario=scenario, params={} if scenario == "crew_pickup" else {"time_limit_s": 1.0})
    usual, _ = _played(short, 20)
    fast, _ = _played(replace(short, speed=8.0), 20)
    np.testing.assert_array_equal(fast, usual)


def test_a_game_is_told_its_speed_before_and_after_the_separator(tmp_path: Path) -> None:
    path = tmp_path / "game.sh"
    path.write_text('#!/bin/sh\nfor argument in "$@"; do echo "$argument"; done\n')
    path.chmod(0o755)
    with pytest.raises(LaunchError) as caught:
        open_game(GameLaunch(env_path=path, speed=0.5))
    told = [line.removeprefix("  | ") for line in str(caught.value).splitlines()[1:]]

    assert "--fixed-fps" not in told
    assert told.count("--speedup=0.5") == 2  # a stock game reads the former only


@pytest.mark.parametrize("speed", [0.0, -1.0])
def test_a_speed_is_above_zero(speed: float) -> None:
    with pytest.raises(UsageError, match="speed: must be positive"):
        GameLaunch(scenario="a", speed=speed)


def test_a_window_during_training_needs_a_screen(touch: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises(RendererMissing, match=r"game\.viz is on, but there is no screen"):
        open_game(touch(viz=True))


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_game_in_a_window_plays_what_it_plays_headless_in_all_its_arenas(
    touch: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, _ = _played(touch(arenas=3), 30)
    screen = XServer(tmp_path, "screen")
    try:
        monkeypatch.setenv("DISPLAY", screen.display)
        shown, _ = _played(replace(touch(arenas=3), viz=True, log_dir=tmp_path), 30)
    finally:
        screen.process.kill()

    np.testing.assert_array_equal(shown, usual)
