"""A game with one policy as a Gymnasium vector environment, on the real engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from spacetime_rl.envs.vector import GodotVectorEnv
from spacetime_rl.errors import ActionError, UsageError
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT

pytestmark = pytest.mark.usefixtures("godot_bin")


def _touch(**params: Any) -> GameLaunch:
    scene = "res://tests/fixtures/touch/touch.tscn"
    return GameLaunch(project=OWN_PROJECT, scene=scene, arenas=3, params={"jumpers": 0, "max_ticks": 60, **params})


def test_every_agent_of_every_arena_is_a_sub_environment() -> None:
    env = GodotVectorEnv(_touch(walkers=2))
    try:
        assert env.num_envs == 6
        assert env.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
        observations, infos = env.reset(seed=4)
        assert env.observation_space.contains(observations)
        assert infos["active"].all()
        observations, rewards, terminated, truncated, _ = env.step(env.action_space.sample())
        assert env.observation_space.contains(observations)
        assert rewards.shape == terminated.shape == truncated.shape == (6,)
    finally:
        env.close()


def test_an_end_comes_with_its_last_observation_and_the_first_of_the_next_episode() -> None:
    env = GodotVectorEnv(_touch(walkers=1, touch_m=0.0))
    try:
        env.reset(seed=4)
        for _ in range(9):
            _, _, _, truncated, infos = env.step(np.zeros((3, 2), np.float32))
            assert not truncated.any()
            assert "final_obs" not in infos
        observations, _, terminated, truncated, infos = env.step(np.zeros((3, 2), np.float32))
        assert truncated.all()
        assert not terminated.any()
        age = -1  # the fixture's last number is the age of the episode in 1000 ticks
        assert [final[age] for final in infos["final_obs"]] == [np.float32(0.06)] * 3
        assert observations[:, age].tolist() == [0.0] * 3
        assert infos["final_info"]["length"].tolist() == [10.0] * 3
        assert infos["_final_info"].all()
    finally:
        env.close()


def test_it_works_under_gymnasiums_own_wrappers() -> None:
    env = RecordEpisodeStatistics(GodotVectorEnv(_touch(walkers=1, touch_m=0.0)))
    try:
        env.reset(seed=4)
        for _ in range(10):
            *_, infos = env.step(np.zeros((3, 2), np.float32))
        np.testing.assert_allclose(infos["episode"]["r"], infos["final_info"]["return"], rtol=1e-5)
    finally:
        env.close()


def test_a_game_with_several_policies_is_refused() -> None:
    with pytest.raises(UsageError, match="one policy, this game has walker, jumper"):
        GodotVectorEnv(_touch(jumpers=1))


def test_what_is_no_action_is_refused_and_nothing_is_played_before_reset_or_after_close() -> None:
    env = GodotVectorEnv(_touch(walkers=1))
    try:
        with pytest.raises(UsageError, match="step before reset"):
            env.step(np.zeros((3, 2), np.float32))
        env.reset(seed=4)
        with pytest.raises(ActionError, match=r"expected an array of shape \(3, 2\), found an array of shape \(2, 2\)"):
            env.step(np.zeros((2, 2), np.float32))
        with pytest.raises(ActionError, match=r"the action of agent a1/walker_0: 'move' is not finite"):
            env.step(np.array([[0, 0], [0, np.nan], [0, 0]], np.float32))
        with pytest.raises(ActionError, match=r"expected an array of shape \(3, 2\), found None"):
            env.step(None)
        env.step(np.full((3, 2), 5.0))  # clipped
    finally:
        env.close()
    for call in (lambda: env.step(np.zeros((3, 2), np.float32)), env.reset):
        with pytest.raises(UsageError, match="after close: the game has ended"):
            call()
