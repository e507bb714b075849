"""Parameters drawn every episode, in the real game: the same for the same episode, whoever plays it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from spacetime_rl.errors import ContractError, HandshakeError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

NOBODY_ARRIVES = {"walkers": 1, "jumpers": 0, "touch_m": 0.0}


def play(launch: GameLaunch, episodes: int) -> dict[int, float]:
    """The length of every episode, in decisions."""
    lengths: dict[int, float] = {}
    with open_game(launch) as game:
        result = game.reset(seed=5)
        while not lengths.keys() >= set(range(episodes)):
            result = game.step([0.0 * result.observations[0][:, :2]])
            lengths |= {int(agent.metrics["episode"]): agent.metrics["length"] for agent in result.ended}
    return {episode: lengths[episode] for episode in range(episodes)}


def test_an_episode_has_the_same_draw_in_any_arena(touch: Callable[..., GameLaunch]) -> None:
    params = {**NOBODY_ARRIVES, "max_ticks": {"choice": [1, 2, 3, 4, 5]}}
    alone = play(touch(params, action_repeat=1), 12)
    together = play(touch(params, action_repeat=1, arenas=3), 12)
    assert alone == together
    assert len(set(alone.values())) > 2


def test_a_game_says_what_it_draws_and_takes_another_sampler_while_it_runs(touch: Callable[..., GameLaunch]) -> None:
    sampler = {"uniform": [1, 5]}
    with open_game(touch({**NOBODY_ARRIVES, "max_ticks": sampler}, action_repeat=1)) as game:
        assert game.spec.params["max_ticks"] == sampler
        game.configure({"max_ticks": 7})
        result = game.reset()
        for _ in range(7):
            result = game.step([0.0 * result.observations[0][:, :2]])
        assert [agent.metrics["length"] for agent in result.ended] == [7.0]
        with pytest.raises(ContractError, match=r"'max_ticks': expected the lower number first"):
            game.configure({"max_ticks": {"uniform": [5, 1]}})


def test_a_launch_with_a_sampler_outside_the_range_says_so(touch: Callable[..., GameLaunch]) -> None:
    with pytest.raises((HandshakeError, ContractError), match=r"parameter 'room_m': 60(\.0)? is outside 3.0..50.0"):
        open_game(touch({"room_m": {"uniform": [4, 60]}}))


def test_a_run_s_own_episode_length_wins(touch: Callable[..., GameLaunch]) -> None:
    assert set(play(touch(NOBODY_ARRIVES, action_repeat=2, episode_steps=3), 4).values()) == {3.0}
