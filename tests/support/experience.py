"""A batch as PPO's learner makes it, of numbers without a game."""

from __future__ import annotations

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing

from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.modules.policy import PolicyModule

EXPERIENCED = PolicyLayout(
    (ObservationField("pose", 7, "m"),),
    (),
    (ActionField("move", "continuous", 2), ActionField("grab", "discrete", 3)),
)


def make_experience(module: PolicyModule) -> dict[str, torch.Tensor]:
    """64 steps that were played by a policy somewhat unlike this one, with returns both near its values and far off."""
    return {
        **played_by_another(module, 64, noise=0.3),
        Postprocessing.ADVANTAGES: torch.randn(64),
        Postprocessing.VALUE_TARGETS: 2.0 * torch.randn(64),
    }


def played_by_another(
    module: PolicyModule, steps: int, shift: float = 0.0, noise: float = 0.0
) -> dict[str, torch.Tensor]:
    """Steps of a policy whose outputs differ from the module's, all by `shift` and each by some `noise`."""
    obs = torch.randn(steps, module.layout.obs_dim)
    inputs = module.forward_train({Columns.OBS: obs})[Columns.ACTION_DIST_INPUTS].detach()
    played = module.get_train_action_dist_cls().from_logits(inputs + shift + noise * torch.randn_like(inputs))
    actions = played.sample()
    return {
        Columns.OBS: obs,
        Columns.ACTIONS: actions,
        Columns.ACTION_LOGP: played.logp(actions),
        Columns.ACTION_DIST_INPUTS: played.inputs,
    }
