"""A scenario of one agent behind Gymnasium's interface."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from spacetime_rl.envs.register import ONE_AGENT, env_id
from spacetime_rl.envs.single import gym_env
from spacetime_rl.errors import UsageError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import scenarios


def test_it_passes_gymnasiums_own_check() -> None:
    env = gym_env("vr_navigation", seed=3)
    try:
        check_env(env, skip_render_check=True, skip_close_check=True)
    finally:
        env.close()


def test_gymnasium_makes_a_scenario_by_its_name() -> None:
    env = gym.make(f"spacetime_rl.envs:{env_id('vr_ui')}", seed=1)
    try:
        observation, _ = env.reset(seed=1)
        assert env.observation_space.contains(observation)
        assert len(env.step(env.action_space.sample())) == 5
    finally:
        env.close()  # type: ignore[no-untyped-call]


def test_an_episode_ends_with_its_metrics_and_the_next_one_needs_a_reset() -> None:
    env = gym_env("vr_navigation", max_cycles=2)
    try:
        env.reset(seed=1)
        actions = [np.zeros_like(env.action_space.sample()) for _ in range(2)]
        ends = [env.step(action)[2:4] for action in actions]
        assert ends == [(False, False), (False, True)]
        with pytest.raises(UsageError, match="the episode has ended; call reset"):
            env.step(actions[0])
    finally:
        env.close()


def test_a_game_of_several_agents_is_refused() -> None:
    with pytest.raises(UsageError, match=r"several agents \(giver_0, .*take parallel_env or vector_env"):
        gym_env("vr_interaction")


def test_exactly_the_scenarios_of_one_agent_have_a_name() -> None:
    alone = []
    for scenario in scenarios():
        with open_game(GameLaunch(scenario=scenario.name)) as game:
            if game.spec.num_agents == 1:
                alone.append(scenario.name)
    assert sorted(alone) == sorted(ONE_AGENT)
