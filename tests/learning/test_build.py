"""A run's configuration as RLlib's."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support.fake_runs import MIXED, make_config, make_plan, make_ppo
from support.toy_game import FakeGameOpener

from spacetime_rl.envs.rllib import GameMultiAgentEnv
from spacetime_rl.errors import ActionError, ConfigError, UsageError
from spacetime_rl.learning.build import fragment_agent_steps, train_batch_size
from spacetime_rl.rollout.plan import PLAN

OPENER = FakeGameOpener(MIXED, arenas=4)  # 20 agents


@pytest.mark.parametrize(
    ("rollout", "wanted", "fragment", "batch"),
    [
        ({"runners": 2}, 4000, 2000, 4000),
        ({"runners": 0}, 4000, 4000, 4000),
        ({"runners": 2, "games_per_runner": 2}, 4000, 2000, 4000),
        ({"runners": 3}, 1000, 340, 1020),
        ({"runners": 2, "fragment_length": 10}, 1000, 200, 1200),
        ({"runners": 4}, 10, 20, 80),
    ],
)
def test_a_train_batch_is_whole_fragments_of_all_runners(
    rollout: dict[str, Any], wanted: int, fragment: int, batch: int
) -> None:
    training = {"train_batch_size": wanted, "minibatch_size": 10}
    config = make_config(rollout={"games_per_runner": 1, **rollout}, training=training)
    plan = make_plan(OPENER, config)
    assert (fragment_agent_steps(config, plan), train_batch_size(config, plan)) == (fragment, batch)
    ppo = make_ppo(OPENER, config)
    ppo.validate()
    assert (ppo.rollout_fragment_length, ppo.total_train_batch_size) == (fragment, batch)


def test_a_policy_overrides_only_what_it_sets_for_itself() -> None:
    config = make_config(policies={"giver": {"training": {"lr": 1e-5, "gamma": 0.9}}})
    ppo = make_ppo(OPENER, config)
    assert (ppo.get_config_for_module("giver").lr, ppo.get_config_for_module("giver").gamma) == (1e-5, 0.9)
    assert (ppo.get_config_for_module("taker").lr, ppo.get_config_for_module("taker").gamma) == (3e-4, 0.99)
    assert ppo.algorithm_config_overrides_per_module == {"giver": {"lr": 1e-5, "gamma": 0.9}, "taker": {}}


def test_a_final_value_is_approached_until_the_last_agent_step() -> None:
    training = {"lr": 1e-3, "final_lr": 1e-5, "entropy_coeff": 0.01}
    own = {"training": {"final_entropy_coeff": 0.0}}
    ppo = make_ppo(OPENER, make_config(training=training, policies={"giver": own}, stop={"agent_steps": 5000}))
    ppo.validate()
    giver, taker = ppo.get_config_for_module("giver"), ppo.get_config_for_module("taker")
    assert giver.lr == taker.lr == [[0, 1e-3], [5000, 1e-5]]
    assert (giver.entropy_coeff, taker.entropy_coeff) == ([[0, 0.01], [5000, 0.0]], 0.01)


def test_what_rllib_would_default_badly_is_set() -> None:
    ppo = make_ppo(OPENER, make_config())
    assert ppo.lambda_ == 0.95
    assert ppo.sample_timeout_s is None
    assert ppo.restart_failed_env_runners
    assert ppo.delay_between_env_runner_restarts_s == 0


def test_rllibs_own_env_plays_one_arena_only() -> None:
    with pytest.raises(UsageError, match=r"one arena, not 4; set game\.arenas=1"):
        GameMultiAgentEnv({PLAN: make_plan(OPENER, make_config())})


def test_rllibs_own_env_takes_actions_of_those_who_act_and_of_nobody_else() -> None:
    env = GameMultiAgentEnv({PLAN: make_plan(replace(OPENER, arenas=1), make_config())})
    right: dict[str, NDArray[np.float32]] = {}
    for agent, space in env.action_spaces.items():
        assert space.shape is not None
        right[agent] = np.zeros(space.shape, np.float32)
    first = next(iter(right))
    with pytest.raises(UsageError, match="step before reset"):
        env.step(right)
    env.reset(seed=1)
    with pytest.raises(ActionError, match="actions for nobody; the agents that act are "):
        env.step({**right, "nobody": right[first]})
    with pytest.raises(ActionError, match=f"no action for {first}; every agent that acts needs one"):
        env.step({agent: action for agent, action in right.items() if agent != first})
    with pytest.raises(ActionError, match=f"the action of {first}: expected an array of shape"):
        env.step({**right, first: np.zeros(9, np.float32)})
    env.step(right)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("Nothing", "expected a module and a class"),
        ("no_such_module.Thing", "No module named 'no_such_module'"),
        ("support.fake_runs.Missing", "has no attribute 'Missing'"),
        ("support.fake_runs.RunConfig", "expected a subclass of ray.rllib"),
    ],
)
def test_callbacks_that_cannot_be_loaded_are_told(path: str, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"callbacks.0: '{path}' cannot be loaded: .*{said}"):
        make_ppo(OPENER, make_config(callbacks=[path]))


def test_callbacks_of_a_users_own_join_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_callbacks.py").write_text(
        "from ray.rllib.callbacks.callbacks import RLlibCallback\n\n\nclass Counting(RLlibCallback):\n    pass\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    ppo = make_ppo(OPENER, make_config(callbacks=["own_callbacks.Counting"]))
    assert [callback.__name__ for callback in ppo.callbacks_class] == ["PublicMetrics", "Counting"]
