"""DQN's policy: values of choices, random ones in a share of decisions that travels with the weights."""

from __future__ import annotations

import numpy as np
import torch
from ray.rllib.algorithms.dqn.dqn_learner import QF_PREDS
from ray.rllib.core.columns import Columns
from support.made_policies import GRAB, make_layout, make_policy

from spacetime_rl.config import ModelConfig
from spacetime_rl.modules.spec import make_module_spec

LAYOUT = make_layout(GRAB)


def test_epsilon_is_the_share_of_random_choices_and_reaches_the_runners() -> None:
    learner = make_policy(LAYOUT, "DQN")
    runner = make_module_spec(LAYOUT, ModelConfig(hiddens=(16, 16)), "DQN", inference_only=True).build()
    values = np.tile(np.array([0.0, 2.0, 1.0], np.float32), (6000, 1))

    for epsilon in (1.0, 0.3, 0.0):
        learner.epsilon.fill_(epsilon)
        runner.set_state(learner.get_state(inference_only=True))
        chosen = runner.explore(values, np.random.default_rng(0))[0][:, 0]
        shares = np.bincount(chosen.astype(int), minlength=3) / len(chosen)
        expected = epsilon / 3 + np.array([0.0, 1.0 - epsilon, 0.0])
        np.testing.assert_allclose(shares, expected, atol=0.03)

    assert set(runner.exploit(values)[:, 0]) == {1.0}
    assert not any("target" in name for name in runner.state_dict())


def test_only_the_values_of_what_was_seen_carry_a_gradient() -> None:
    module = make_policy(LAYOUT, "DQN")
    batch = {Columns.OBS: torch.randn(6, LAYOUT.obs_dim), Columns.NEXT_OBS: torch.randn(6, LAYOUT.obs_dim)}

    output = module.forward_train(batch)

    assert [name for name, value in output.items() if value.requires_grad] == [QF_PREDS]
    trained = {name.split(".")[0] for name, parameter in module.named_parameters() if parameter.requires_grad}
    assert trained == {"trunk", "action_head"}
