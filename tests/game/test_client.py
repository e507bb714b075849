"""A well-behaved game, stepped: what arrives is what was sent, in the order the spec says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.game.api import StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

Fake: TypeAlias = Callable[..., GameLaunch]


def _actions(arenas: int, value: float = 0.0) -> list[np.ndarray]:
    return [np.full((2 * arenas, 3), value, np.float32), np.full((arenas, 1), value, np.float32)]


def test_agents_are_ordered_by_group_then_arena(fake: Fake) -> None:
    with open_game(fake(arenas=2)) as game:
        assert game.spec.agent_ids == (
            "a0/giver_0",
            "a0/giver_1",
            "a1/giver_0",
            "a1/giver_1",
            "a0/taker_0",
            "a1/taker_0",
        )
        first = game.reset(seed=3)
        # The fake game adds an agent's number to its place, and every arena has a place of its own.
        places = first.observations[0][:, 0]
        np.testing.assert_allclose(places[1::2], places[::2] + 1)
        assert places[0] != places[2]


def test_every_agent_is_paid_for_its_own_action(fake: Fake) -> None:
    with open_game(fake(arenas=2)) as game:
        game.reset(seed=3)
        givers = np.array([[0.25, 0.5, 0], [0.5, 1, 1], [-0.5, 0, 2], [1, -1, 1]], np.float32)
        result = game.step([givers, np.array([[0.5], [-0.25]], np.float32)])
        np.testing.assert_array_equal(result.rewards, [0.75, 2.5, 1.5, 1, 0.5, -0.25])


def test_images_arrive_as_floats_from_zero_to_one_behind_the_vector(fake: Fake) -> None:
    with open_game(fake()) as game:
        game.reset(seed=3)
        taker = game.step(_actions(1)).observations[1]
        assert taker.dtype == np.float32
        np.testing.assert_allclose(taker, [[1, 1 / 255, 10 / 255, 20 / 255, 1]])


def test_an_agent_that_ended_waits_for_its_arena_and_begins_with_it(fake: Fake) -> None:
    with open_game(fake()) as game:
        game.reset(seed=3, first_episode=7)
        for _ in range(2):
            assert game.step(_actions(1)).ended == ()
        third = game.step(_actions(1, 1.0))
        assert third.terminated.tolist() == [True, False, False]
        assert third.active.tolist() == [False, True, True]
        assert [ended.agent for ended in third.ended] == [0]
        np.testing.assert_array_equal(third.observations[0][0], 0)
        fourth = game.step(_actions(1, 1.0))
        assert fourth.rewards.tolist() == [0, 3, 1]
        assert fourth.terminated.tolist() == [False, True, False]
        assert fourth.truncated.tolist() == [False, False, True]
        assert fourth.active.all()
        assert [ended.agent for ended in fourth.ended] == [1, 2]
        assert fourth.ended[0].metrics == {"episode": 7, "return": 6, "length": 4, "success": 1}
        assert fourth.ended[0].final_observation[2] == 4
        np.testing.assert_allclose(fourth.ended[1].final_observation, [4, 4 / 255, 10 / 255, 20 / 255, 1])
        assert fourth.observations[0][:, 2].tolist() == [0, 0]


def test_an_episode_follows_from_its_seed_and_number_alone(fake: Fake) -> None:
    with open_game(fake(arenas=3)) as many, open_game(fake()) as one:
        together = many.reset(seed=5, first_episode=10).observations[0].copy()
        for episode in range(3):
            alone = one.reset(seed=5, first_episode=10 + episode)
            np.testing.assert_array_equal(alone.observations[0], together[2 * episode : 2 * episode + 2])


def test_a_reset_without_a_seed_goes_on_counting(fake: Fake) -> None:
    with open_game(fake()) as game:
        game.reset(seed=5, first_episode=2, stride=4)
        game.reset()
        assert _play_an_episode(game.step).ended[0].metrics["episode"] == 6


def test_a_negative_seed_is_refused(fake: Fake) -> None:
    with open_game(fake()) as game, pytest.raises(UsageError, match=r"expected a seed from 0 to .*, found -1"):
        game.reset(seed=-1)


def test_the_waiting_time_is_counted(fake: Fake) -> None:
    with open_game(fake()) as game:
        game.reset(seed=1)
        game.step(_actions(1))
        assert game.timing.steps == 2
        assert game.timing.wire_s > 0


def test_closing_ends_the_game_politely_and_may_be_repeated(fake: Fake, survivors: Callable[[], list[object]]) -> None:
    game = open_game(fake())
    assert len(survivors()) == 1
    game.close()
    game.close()
    assert survivors() == []


def test_the_log_stays_where_it_was_asked_for_and_is_never_overwritten(fake: Fake, tmp_path: Path) -> None:
    for _ in range(2):
        open_game(fake(log_dir=tmp_path / "logs", name="runner1-game0")).close()
    names = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert names == ["runner1-game0-2.godot.log", "runner1-game0.godot.log"]


def _play_an_episode(step: Callable[[list[np.ndarray]], StepResult]) -> StepResult:
    for _ in range(3):
        step(_actions(1))
    return step(_actions(1))
