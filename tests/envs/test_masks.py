"""Masks of a real game in our environments; the game ends an episode in which a closed door is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from spacetime_rl.envs.parallel import GodotParallelEnv
from spacetime_rl.envs.single import GodotEnv
from spacetime_rl.envs.spaces import PolicySpaces
from spacetime_rl.envs.vector import GodotVectorEnv
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout

SCENE = "res://tests/fixtures/doors/doors.tscn"


def doors(**params: Any) -> GameLaunch:
    return GameLaunch(project=OWN_PROJECT, scene=SCENE, arenas=3, params={"closed_ends": True, **params})


@pytest.mark.parametrize(
    "actions",
    [
        (ActionField("a", "discrete", 3),),
        (ActionField("a", "discrete", 3), ActionField("b", "discrete", 2)),
        (ActionField("b", "continuous", 2), ActionField("a", "discrete", 3)),
    ],
)
def test_the_mask_has_the_form_that_the_action_space_samples_with(actions: tuple[ActionField, ...]) -> None:
    layout = PolicyLayout((ObservationField("x", 1), ObservationField("mask/a", 3, "", "mask")), (), actions)
    policy = PolicySpaces.of(layout)
    mask = policy.action_mask(np.array([0.5, 0.0, 0.0, 1.0], np.float32))
    column = sum(action.width for action in actions[: [action.name for action in actions].index("a")])
    assert {policy.join_action(policy.action.sample(mask))[column] for _ in range(20)} == {2.0}


@pytest.mark.usefixtures("godot_bin")
def test_who_follows_the_mask_never_chooses_a_closed_door_and_who_does_not_is_caught() -> None:
    env = GodotEnv(doors())
    try:
        space = env.action_space
        assert isinstance(space, spaces.Discrete)
        observation, info = env.reset(seed=3)
        ends = []
        for _ in range(200):
            np.testing.assert_array_equal(info["action_mask"], observation[32:])
            observation, _, terminated, truncated, info = env.step(space.sample(info["action_mask"]))
            if terminated or truncated:
                ends.append(info)
                observation, info = env.reset()
        assert len(ends) >= 4
        assert {end["closed"] for end in ends} == {0.0}
        env.step(int(np.flatnonzero(info["action_mask"] == 0)[0]))  # replaced by an allowed one, and counted
        assert not env._env.agents
    finally:
        env.close()


@pytest.mark.usefixtures("godot_bin")
def test_the_masks_of_all_agents_come_together_and_a_game_without_masks_sends_none() -> None:
    env = GodotVectorEnv(doors())
    try:
        _, infos = env.reset(seed=1)
        for _ in range(30):
            assert infos["action_mask"].shape == (3, 16)
            *_, infos = env.step(np.array([row.nonzero()[0][-1] for row in infos["action_mask"]]))
    finally:
        env.close()
    plain = GodotParallelEnv(doors(masked=False))
    try:
        observations, infos = plain.reset(seed=1)
        assert infos == {"player_0": {}}
        assert observations["player_0"].shape == (32,)
    finally:
        plain.close()
