"""SAC's policy: squashed actions, critics that the actor climbs but does not change."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from ray.rllib.algorithms.sac.sac_learner import QF_PREDS, QF_TARGET_NEXT, QF_TWIN_PREDS
from ray.rllib.core.columns import Columns
from support.made_policies import MOVE, TURN, make_layout, make_policy
from torch.distributions import Normal, TanhTransform, TransformedDistribution

from spacetime_rl.config import ModelConfig
from spacetime_rl.modules.spec import make_module_spec

LAYOUT = make_layout(MOVE, TURN)


def make_batch(n: int = 6) -> dict[str, torch.Tensor]:
    return {
        Columns.OBS: torch.randn(n, LAYOUT.obs_dim),
        Columns.NEXT_OBS: torch.randn(n, LAYOUT.obs_dim),
        Columns.ACTIONS: torch.rand(n, LAYOUT.action_size) * 2.0 - 1.0,
    }


def touched(module: Any, loss: torch.Tensor) -> set[str]:
    module.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    return {
        name.split(".")[0] for name, p in module.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }


def test_log_probabilities_are_those_of_a_squashed_gaussian() -> None:
    module = make_policy(LAYOUT, "SAC")
    vector = module.prepare(torch.randn(200, LAYOUT.obs_dim))
    with torch.no_grad():
        inputs = module.act(vector, [], None).inputs
        action, logp = module._draw(vector)

    gaussian = module.get_train_action_dist_cls().from_logits(inputs)
    squashed = TransformedDistribution(Normal(gaussian.mean, gaussian.log_std.exp()), TanhTransform())
    inside = (action.abs() < 0.999).all(-1)  # beyond, the inverse of tanh has no digits left
    expected = squashed.log_prob(action)[inside].sum(-1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(logp[inside], expected, rtol=1e-3, atol=1e-2)


def test_the_actor_climbs_the_critics_without_changing_them() -> None:
    module = make_policy(LAYOUT, "SAC")
    output = module.forward_train(make_batch())

    assert touched(module, -output["q_curr"].sum()) == {"trunk", "action_head"}
    output = module.forward_train(make_batch())
    assert touched(module, output[QF_PREDS].sum() + output[QF_TWIN_PREDS].sum()) == {"critics"}
    assert not output[QF_TARGET_NEXT].requires_grad


def test_exploration_stays_inside_and_the_best_action_is_the_tanh_of_the_mean() -> None:
    module = make_policy(LAYOUT, "SAC")
    with torch.no_grad():
        inputs = module.forward_inference({Columns.OBS: torch.randn(300, LAYOUT.obs_dim)})[Columns.ACTION_DIST_INPUTS]

    actions, _ = module.explore(inputs.numpy(), np.random.default_rng(0))

    assert np.abs(actions).max() <= 1.0
    mean = module.get_train_action_dist_cls().from_logits(inputs).mean
    np.testing.assert_allclose(module.exploit(inputs.numpy()), mean.tanh(), atol=1e-6)
    assert np.abs(actions - module.exploit(inputs.numpy())).mean() > 0.05


def test_a_new_policy_explores_as_the_model_says() -> None:
    module = make_module_spec(LAYOUT, ModelConfig(hiddens=(16,), initial_log_std=-1.0), "SAC").build()

    inputs = module.forward_inference({Columns.OBS: torch.zeros(1, LAYOUT.obs_dim)})[Columns.ACTION_DIST_INPUTS]

    torch.testing.assert_close(inputs[0, module.is_log_std], torch.full((3,), -1.0))
