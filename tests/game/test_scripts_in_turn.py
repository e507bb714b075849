"""The game's script acts for single agents, decision by decision, where their action is NaN."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

DECISIONS = 20
AVOID = GameLaunch(scenario="vr_interaction", params={"objective": "avoid"}, arenas=2, seed=4)


def seen(launch: GameLaunch, first: float, other: float) -> NDArray[np.float32]:
    """What all agents see, where every action number of the first and the second policy is the same."""
    observations = []
    with open_game(launch) as game:
        now = game.reset()
        for _ in range(DECISIONS):
            actions = [
                np.full((game.spec.group_size(g), group.layout.action_size), number, np.float32)
                for g, (group, number) in enumerate(zip(game.spec.groups, (first, other), strict=True))
            ]
            now = game.step(actions)
            observations.append(np.concatenate([values.ravel() for values in now.observations]))
    return np.stack(observations)


@pytest.mark.usefixtures("godot_bin")
def test_an_action_of_nan_is_what_a_scripted_policy_does() -> None:
    asked = seen(replace(AVOID, nan_asks_script=True), np.nan, 0.0)
    scripted = seen(replace(AVOID, scripted=("chaser",)), 0.0, 0.0)
    np.testing.assert_array_equal(asked, scripted)
    still = seen(replace(AVOID, nan_asks_script=True), 0.0, 0.0)
    assert not np.array_equal(asked, still)
