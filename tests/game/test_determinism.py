"""Same seed, same observations, bit for bit: across processes, arenas and resets, on the real engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

Touch: TypeAlias = Callable[..., GameLaunch]
Trajectory: TypeAlias = list[np.ndarray]
DECISIONS = 60  # longer than an episode


def test_two_processes_give_the_same_observations(touch: Touch) -> None:
    with open_game(touch(arenas=2)) as one, open_game(touch(arenas=2)) as other:
        _assert_identical(_play(one, seed=7), _play(other, seed=7))


def test_a_seed_given_again_gives_the_same_observations(touch: Touch) -> None:
    with open_game(touch(arenas=2)) as game:
        first = _play(game, seed=7)
        _play(game, seed=8)
        _assert_identical(first, _play(game, seed=7))


def test_another_seed_gives_other_observations(touch: Touch) -> None:
    with open_game(touch()) as game:
        assert _play(game, seed=7)[0].tobytes() != _play(game, seed=8)[0].tobytes()


def test_an_arena_among_others_is_like_an_arena_alone(touch: Touch) -> None:
    arenas = 3
    with open_game(touch({"max_ticks": 10_000, "touch_m": 0.0}, arenas=arenas)) as game:
        together = _play(game, seed=7)
    for arena in range(arenas):
        with open_game(touch({"max_ticks": 10_000, "touch_m": 0.0})) as game:
            alone = _play(game, seed=7, first_episode=arena)
        mine = [rows.reshape(arenas, -1, rows.shape[-1])[arena] for rows in together]
        _assert_identical(mine, alone)


def test_an_episode_follows_from_seed_and_number_however_it_is_reached(touch: Touch) -> None:
    with open_game(touch({"max_ticks": 30, "touch_m": 0.0})) as game:
        _play(game, seed=7)
        game.reset(seed=7)
        ends = [end for _ in range(5) for end in game.step(_actions(game, np.random.default_rng(1))).ended]
        assert {end.metrics["episode"] for end in ends} == {0.0}
        second = game.step(_actions(game, np.random.default_rng(2))).observations[0].copy()
        game.reset(seed=7, first_episode=1)
        again = game.step(_actions(game, np.random.default_rng(2))).observations[0]
        assert second.tobytes() == again.tobytes()


def test_an_episode_in_a_crowd_does_not_depend_on_those_before_it(touch: Touch) -> None:
    """Where bodies meet several others at once, the physics engine's order of them decides."""
    crowd = touch({"max_ticks": 10_000, "touch_m": 0.0, "room_m": 3.0})
    with open_game(crowd) as game:
        later = [_play(game, seed=3, first_episode=number) for number in range(3)]
    for number in (1, 2):
        with open_game(crowd) as game:
            _assert_identical(later[number], _play(game, seed=3, first_episode=number))


def _play(game: Game, seed: int, first_episode: int = 0) -> Trajectory:
    """Every observation of some decisions, the same actions for each arena."""
    rng = np.random.default_rng(123)
    seen = [rows.copy() for rows in game.reset(seed, first_episode).observations]
    for _ in range(DECISIONS):
        seen += [rows.copy() for rows in game.step(_actions(game, rng)).observations]
    return seen


def _actions(game: Game, rng: np.random.Generator) -> list[np.ndarray]:
    actions = []
    for group in game.spec.groups:
        one = rng.uniform(-1, 1, (len(group.agents), group.layout.action_size)).astype(np.float32)
        if group.name == "jumper":
            one[:, 2] = one[:, 2] > 0  # its jump is a choice of two
        actions.append(np.tile(one, (game.spec.arenas, 1)))
    return actions


def _assert_identical(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> None:
    assert len(one) == len(other)
    assert [rows.tobytes() for rows in one] == [rows.tobytes() for rows in other]
