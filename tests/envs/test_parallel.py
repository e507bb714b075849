"""PettingZoo's own checks hold on the real engine."""

from __future__ import annotations

import functools
import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pettingzoo.test import api_test, max_cycles_test, parallel_api_test, parallel_seed_test, render_test, seed_test
from pettingzoo.utils import parallel_to_aec

import spacetime_rl
from spacetime_rl.envs.parallel import GodotParallelEnv
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT

TOUCH = GameLaunch(project=OWN_PROJECT, scene="res://tests/fixtures/touch/touch.tscn", params={"images": "jumpers"})
pytestmark = pytest.mark.usefixtures("godot_bin")


def _touch(max_cycles: int | None = None, render_mode: None = None) -> GodotParallelEnv:
    assert render_mode in (None, "human")
    return spacetime_rl.parallel_env(TOUCH, max_cycles=max_cycles)


def _touch_aec(**settings: Any) -> Any:
    return parallel_to_aec(_touch(**settings))


def test_it_passes_the_parallel_api_test() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        env = _touch()
        parallel_api_test(env, num_cycles=200)
        env.close()


def test_it_passes_the_parallel_seed_test() -> None:
    parallel_seed_test(_touch, num_cycles=30)


def test_it_passes_the_api_and_seed_tests_agent_by_agent() -> None:
    env = _touch_aec()
    api_test(env, num_cycles=60)
    env.close()
    seed_test(_touch_aec, num_cycles=20)


def test_it_passes_the_max_cycles_and_render_tests() -> None:
    max_cycles_test(SimpleNamespace(parallel_env=_touch, env=_touch_aec))
    render_test(_touch_aec)


def test_an_episode_goes_on_until_everybody_has_ended() -> None:
    env = _touch()
    observations, _ = env.reset(seed=1)
    assert list(observations) == ["walker_0", "walker_1", "jumper_0"]
    assert observations["jumper_0"]["obs"].dtype == np.float32
    final: dict[str, Any] = {}
    while env.agents:
        actions = {agent: env.action_space(agent).sample() for agent in env.agents}
        _, rewards, terminations, truncations, infos = env.step(actions)
        assert set(rewards) == set(actions)
        final |= {agent: infos[agent] for agent in actions if terminations[agent] or truncations[agent]}
    assert {info["episode"] for info in final.values()} == {0.0}
    assert all(1 <= info["length"] <= 45 for info in final.values())
    assert env.step({}) == ({}, {}, {}, {}, {})
    env.close()


def test_an_agent_whose_part_begins_later_joins_the_others_once() -> None:
    launch = GameLaunch(
        project=OWN_PROJECT,
        scene="res://tests/fixtures/touch/touch.tscn",
        params={"late_tick": 20, "touch_m": 0.0, "max_ticks": 90},
        action_repeat=6,
    )
    env = spacetime_rl.parallel_env(launch)
    present = [list(env.reset(seed=1)[0])]
    while env.agents:
        observations, *_ = env.step({agent: env.action_space(agent).sample() for agent in env.agents})
        present.append(list(observations))
    env.close()
    assert present[:4] == [["walker_0", "walker_1"]] * 4
    assert present[4:] == [["walker_0", "walker_1", "jumper_0"]] * 12


def test_max_cycles_truncates_those_who_are_left() -> None:
    env = _touch(max_cycles=3)
    env.reset(seed=1)
    for _ in range(3):
        _, _, _, truncations, _ = env.step({agent: env.action_space(agent).sample() for agent in env.agents})
    assert truncations == dict.fromkeys(env.possible_agents, True)
    assert env.agents == []
    env.close()


def test_a_shipped_scenario_is_opened_by_its_name() -> None:
    env = spacetime_rl.parallel_env("vr_interaction", params={"objective": "cooperate", "players": 2})
    try:
        observations, _ = env.reset(seed=1)
        assert set(observations) == {"giver_0", "taker_0"}
    finally:
        env.close()


def test_spaces_are_objects_of_their_own_for_each_agent() -> None:
    env = _touch()
    space = functools.partial(env.action_space, "walker_0")
    assert space() is space()
    assert space() is not env.action_space("walker_1")
    env.close()
