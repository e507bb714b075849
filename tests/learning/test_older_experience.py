"""The loss of experience that was played by an older policy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from support.experience import EXPERIENCED, make_experience, played_by_another

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.learning.older_experience import MOST_WEIGHT, OlderExperienceLearner
from spacetime_rl.learning.ppo_learner import SpacetimePPOLearner, clipped_loss
from spacetime_rl.learning.share import ALONE
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.spec import make_module_spec

MOVE = PolicyLayout((ObservationField("pose", 3, "m"),), (), (ActionField("move", "continuous", 1),))
CONFIG = SimpleNamespace(clip_param=0.2, vf_clip_param=10.0, vf_loss_coeff=0.0)


def make_module(layout: PolicyLayout) -> PolicyModule:
    torch.manual_seed(5)
    module = make_module_spec(layout, ModelConfig(hiddens=(16, 16))).build()
    assert isinstance(module, PolicyModule)
    return module


def prepare(kind: type[SpacetimePPOLearner], module: PolicyModule, batch: Any) -> Any:
    class Learner(kind):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:
            self.share = ALONE

        @property
        def module(self) -> Any:
            return {"pilot": SimpleNamespace(unwrapped=lambda: module, forward_train=module.forward_train)}

    return Learner().prepare("pilot", batch)


def loss_of(module: PolicyModule, batch: Any) -> torch.Tensor:
    inputs = module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    logp = module.get_train_action_dist_cls().from_logits(inputs).logp(batch[Columns.ACTIONS])
    return clipped_loss(logp, torch.zeros_like(logp), batch, CONFIG)


def played_by(module: PolicyModule, drift: float) -> dict[str, torch.Tensor]:
    """512 steps whose actions a policy took whose outputs differ by `drift` from the module's; all are good ones."""
    return {
        **played_by_another(module, 512, shift=drift),
        Postprocessing.ADVANTAGES: torch.ones(512),
        Postprocessing.VALUE_TARGETS: torch.zeros(512),
    }


def test_experience_of_the_present_policy_is_learned_from_as_in_ppo() -> None:
    module = make_module(MOVE)
    batch = played_by(module, drift=0.0)
    plain = prepare(SpacetimePPOLearner, module, batch)
    ours = prepare(OlderExperienceLearner, module, batch)
    for key in (Columns.ACTION_LOGP, Columns.ACTION_DIST_INPUTS, Postprocessing.ADVANTAGES):
        torch.testing.assert_close(ours[key], plain[key])


def test_an_update_begins_with_the_weighted_gradient_and_clips_nothing() -> None:
    """What PPO clips away at its first step, because the policy has moved since it played, is learned from."""
    module = make_module(MOVE)
    batch = played_by(module, drift=0.8)
    weights = [p for p in module.parameters() if p.requires_grad]

    def gradient(loss: torch.Tensor) -> torch.Tensor:
        parts = torch.autograd.grad(loss, weights, allow_unused=True)
        return torch.cat([p.flatten() for p in parts if p is not None])

    ours = gradient(loss_of(module, prepare(OlderExperienceLearner, module, batch)))
    inputs = module.forward_train(batch)[Columns.ACTION_DIST_INPUTS]
    logp = module.get_train_action_dist_cls().from_logits(inputs).logp(batch[Columns.ACTIONS])
    ratio = torch.exp(logp.detach() - batch[Columns.ACTION_LOGP]).clamp(max=MOST_WEIGHT)
    assert ratio.max() == MOST_WEIGHT
    torch.testing.assert_close(ours, gradient(-(ratio * logp).mean()))
    clipped = gradient(loss_of(module, prepare(SpacetimePPOLearner, module, batch)))
    assert (ours - clipped).norm() > 0.1 * ours.norm()


def test_what_was_seen_and_done_stays() -> None:
    module = make_module(EXPERIENCED)
    batch = make_experience(module)
    plain, ours = (prepare(kind, module, batch) for kind in (SpacetimePPOLearner, OlderExperienceLearner))
    changed = {Columns.ACTION_LOGP, Columns.ACTION_DIST_INPUTS, Postprocessing.ADVANTAGES}
    assert {*ours} == {*plain}
    assert {key for key in plain if not torch.equal(plain[key], ours[key])} == changed
