"""`episode_steps` of a stock game: its agents are truncated here, as the game itself knows no limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spacetime_rl.game.api import StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

ALONE = {
    "n_agents": 3,
    "observation_space": [{"obs": {"size": [2], "space": "box"}}] * 3,
    "agent_policy_names": ["p", "p", "p"],
}
NEVER_DONE = {"done": [False, False, False]}


def _play(launch: GameLaunch, steps: int) -> list[StepResult]:
    with open_game(launch) as game:
        results = [game.reset(seed=0)]
        still = [
            np.zeros((game.spec.group_size(g), group.layout.action_size), np.float32)
            for g, group in enumerate(game.spec.groups)
        ]
        for _ in range(steps):
            results.append(game.step(still))
    return results


def test_an_agent_that_is_not_done_in_time_is_truncated_while_the_game_goes_on(
    fake_stock: Callable[..., GameLaunch],
) -> None:
    # Agents p_0, p_1 and p_2 are done after 3, 4 and 5 decisions.
    results = _play(fake_stock(info=ALONE, episode_steps=4), 5)

    assert [result.truncated.tolist() for result in results[3:]] == [
        [False, False, False],
        [False, False, True],
        [False, False, False],
    ]
    np.testing.assert_array_equal(results[3].terminated, [True, False, False])
    np.testing.assert_array_equal(results[4].terminated, [False, True, False])
    (first, cut) = (end for end in results[4].ended)
    assert (first.agent, cut.agent) == (1, 2)
    np.testing.assert_array_equal(cut.final_observation, [2, 4])  # what it saw last
    np.testing.assert_array_equal(results[4].observations[0][2], [2, 4])  # and goes on from
    assert cut.metrics == {"episode": 0.0, "return": 0.0, "length": 4.0}
    (end,) = results[5].ended  # the game ends its own, longer episode a decision later
    assert (end.agent, end.metrics["length"], end.metrics["episode"]) == (2, 1.0, 1.0)


def test_a_game_whose_agents_are_all_cut_at_once_is_reset(fake_stock: Callable[..., GameLaunch]) -> None:
    results = _play(fake_stock(info=ALONE, every_step=NEVER_DONE, episode_steps=2), 4)

    for cut in (results[2], results[4]):
        np.testing.assert_array_equal(cut.truncated, [True, True, True])
        assert {end.metrics["length"] for end in cut.ended} == {2.0}
        np.testing.assert_array_equal(cut.ended[1].final_observation, [1, 2])
        np.testing.assert_array_equal(cut.observations[0], [[0, 0], [1, 0], [2, 0]])
    np.testing.assert_array_equal(results[3].observations[0], [[0, 1], [1, 1], [2, 1]])


@pytest.mark.parametrize("limit", [None, 100])
def test_without_a_limit_or_below_it_the_game_alone_ends_episodes(
    fake_stock: Callable[..., GameLaunch], limit: int | None
) -> None:
    results = _play(fake_stock(episode_steps=limit), 9)

    assert not any(result.truncated.any() for result in results)
    assert sum(len(result.ended) for result in results) == 6
