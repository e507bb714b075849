"""A game that plays one episode in a process is started anew at every reset, and records what was asked for before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import UsageError
from spacetime_rl.game.fresh import FreshGame
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.unchanged import Unchanged

LAUNCH = GameLaunch(project=Path("my_game"), unchanged=Unchanged(), seed=3)
OPENER = FakeGameOpener((make_group("player", 1, make_layout()),), lengths=(2,))


class Starter:
    def __init__(self) -> None:
        self.games: list[FakeGame] = []

    def __call__(self, launch: GameLaunch) -> FakeGame:
        self.games.append(OPENER(launch))
        return self.games[-1]

    @property
    def begun(self) -> list[tuple[int, tuple[str, ...]]]:
        return [(game.launch.seed, game.launch.extra_args) for game in self.games]


def test_every_reset_but_the_first_starts_a_game_that_knows_seed_and_number() -> None:
    starter = Starter()
    with FreshGame(LAUNCH, starter) as game:
        game.reset(3, 0, 1)
        game.reset(3, 7, 1)
        game.reset(4, 7, 1)
    assert starter.begun == [(3, ()), (3, ("--first_episode=7",)), (4, ("--first_episode=7",))]
    assert all(started.closed for started in starter.games)


def test_without_a_seed_the_numbers_go_on() -> None:
    starter = Starter()
    with FreshGame(LAUNCH, starter) as game:
        game.reset(3, 5, 2)
        game.reset()
    assert starter.begun[-1] == (3, ("--first_episode=7",))


def test_an_episode_that_is_over_takes_no_further_step() -> None:
    action = [np.zeros((1, 2), np.float32)]
    with FreshGame(LAUNCH, Starter()) as game:
        game.reset(3, 0, 1)
        game.step(action)
        assert game.step(action).ended
        with pytest.raises(UsageError, match="one episode after a reset"):
            game.step(action)
