"""A game that plays by itself for a while: it counts what it did, and can be stepped again afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest

from spacetime_rl.errors import GameDied, ProtocolError, StepTimeout
from spacetime_rl.game.api import StepResult
from spacetime_rl.game.client import Game, GameClient, open_game
from spacetime_rl.game.launch import GameLaunch

Fake: TypeAlias = Callable[..., GameLaunch]
Touch: TypeAlias = Callable[..., GameLaunch]
SECTIONS = {"physics", "rays", "observations", "rewards", "actions"}


def test_a_game_alone_plays_the_decisions_asked_for(touch: Touch) -> None:
    with _open(touch(action_repeat=3)) as game:
        game.reset(seed=1)
        report = game.run_alone(25)
        assert (report.decisions, report.ticks) == (25, 75)
        assert report.busy_s > 0
        assert report.sections == {}


def test_a_profile_tells_where_all_of_the_time_went(touch: Touch) -> None:
    with _open(touch()) as game:
        game.reset(seed=1)
        report = game.run_alone(20, profile=True)
        assert set(report.sections) == SECTIONS
        assert min(report.sections.values()) > 0
        assert sum(report.sections.values()) == pytest.approx(report.busy_s)
        assert game.run_alone(5).sections == {}  # and is not kept


def test_without_sensing_no_sensor_is_read(touch: Touch) -> None:
    with _open(touch()) as game:
        game.reset(seed=1)
        sections = game.run_alone(20, sense=False, profile=True).sections
        assert (sections["rays"], sections["observations"]) == (0, 0)


def test_a_game_goes_on_after_it_was_alone(touch: Touch) -> None:
    with _open(touch({"max_ticks": 100_000, "touch_m": 0.0})) as game:
        game.reset(seed=1)
        before = _step(game).observations[0].copy()
        game.run_alone(10)
        after = _step(game)
        assert after.active.all()
        assert not np.array_equal(after.observations[0], before)
        assert np.abs(after.rewards).max() < 0.5  # of one decision, not of eleven


@pytest.mark.parametrize("sense", [True, False])
def test_what_a_game_does_alone_follows_from_the_seed(touch: Touch, sense: bool) -> None:
    with _open(touch(arenas=2)) as game:
        ways = []
        for _ in range(2):
            game.reset(seed=7)
            game.run_alone(50, sense=sense)  # longer than an episode
            ways.append(_step(game).observations[0].tobytes())
        assert ways[0] == ways[1]


def test_sensing_changes_nothing_in_the_game(touch: Touch) -> None:
    with _open(touch()) as game:
        ways = []
        for sense, profile in [(True, False), (False, False), (True, True)]:
            game.reset(seed=7)
            game.run_alone(50, sense=sense, profile=profile)
            ways.append(_step(game).observations[0].tobytes())
        assert ways[0] == ways[1] == ways[2]


def test_a_game_that_was_not_reset_does_not_run(touch: Touch) -> None:
    game = _open(touch())
    with pytest.raises(GameDied, match="the game gave up at RUN: RUN before the first RESET"):
        game.run_alone(1)


def test_a_script_error_in_a_run_is_told(touch: Touch) -> None:
    game = _open(touch({"fault": "script_error"}))
    game.reset(seed=1)
    with pytest.raises(GameDied, match=r"at RUN: .*touch_arena\.gd:\d+ in TouchArena._break_down"):
        game.run_alone(100)


def test_a_run_that_takes_longer_than_a_step_may_is_given_up(touch: Touch) -> None:
    game = _open(touch(step_timeout_s=1.0))
    game.reset(seed=1)
    with pytest.raises(StepTimeout, match="no answer to RUN within 1 s"):
        game.run_alone(100_000_000)


@pytest.mark.parametrize("decisions", [-1, 0, 1 << 32])
def test_a_run_of_no_decisions_is_refused(fake: Fake, decisions: int) -> None:
    with _open(fake()) as game, pytest.raises(ValueError, match=f"a run of {decisions} decisions"):
        game.run_alone(decisions)


@pytest.mark.parametrize("fault", ["report_text", "report_list", "report_gap"])
def test_a_malformed_report_is_a_protocol_error(fake: Fake, fault: str) -> None:
    game = _open(fake(fault))
    game.reset(seed=1)
    with pytest.raises(ProtocolError, match="bad answer to RUN: a malformed REPORT"):
        game.run_alone(5)


def _open(launch: GameLaunch) -> GameClient:
    game = open_game(launch)
    assert isinstance(game, GameClient)
    return game


def _step(game: Game) -> StepResult:
    return game.step(
        [
            np.zeros((game.spec.group_size(g), group.layout.action_size), np.float32)
            for g, group in enumerate(game.spec.groups)
        ]
    )
