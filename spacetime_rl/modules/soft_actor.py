"""The policy of SAC: a squashed Gaussian whose standard deviation depends on the observation, and twin critics."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.algorithms.sac.sac_learner import QF_PREDS, QF_TARGET_NEXT, QF_TWIN_PREDS
from ray.rllib.core.columns import Columns
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import Acted, ActingModule
from spacetime_rl.modules.actions import plan_actions, sample_numpy, squash
from spacetime_rl.modules.entities import make_trunk
from spacetime_rl.modules.network import make_linear

# Columns with what a batch's actions are drawn from, float32 [b, action_size] of a standard normal distribution.
NOISE, NEXT_NOISE = "noise", "next_noise"
LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0  # standard deviations from 0.007 to 7.4 before squashing


class SoftActorModule(ActingModule):
    """A policy for SAC: continuous actions only, without images and LSTM.

    ACTION_DIST_INPUTS are those of a Gaussian; the action is the tanh of its sample. `log_alpha` [1], the logarithm of
    the entropy's weight, and the target critics are part of the module, so that a checkpoint contains them.
    """

    squashed = True

    def get_non_inference_attributes(self) -> list[str]:
        """The parts that only training needs."""
        return ["critics", "target_critics", "log_alpha"]

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """Pairs of a network and its target network: the critics and the target critics."""
        return [(self.critics, self.target_critics)]

    def explore(
        self, inputs: NDArray[np.float32], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draw actions [n, action_size]. Log-probabilities are 0, because SAC's loss draws again."""
        drawn, _ = sample_numpy(inputs, self.layout.actions, rng)
        return squash(drawn, self.layout.actions), np.zeros(len(inputs), np.float32)

    def expected_return(self, vector: Tensor, images: Sequence[Tensor], acted: Acted) -> Tensor:
        """The lower of the two critics' values of the most probable action."""
        del images
        fields = torch.split(acted.inputs, [2 * action.size for action in self.layout.actions], -1)
        means = torch.cat([field.tensor_split(2, -1)[0] for field in fields], -1)
        return torch.minimum(*self.critics(vector, means.tanh()))

    def _setup_heads(self, features: int, model: ModelConfig) -> None:
        plan = plan_actions(self.layout.actions)
        self.action_head = make_linear(features, plan.inputs_dim, 0.01)  # untrained means are close to 0
        is_log_std = torch.zeros(plan.inputs_dim, dtype=torch.bool)
        is_log_std[plan.log_stds] = True
        self.register_buffer("is_log_std", is_log_std, persistent=False)
        with torch.no_grad():
            self.action_head.bias[is_log_std] = _unbounded(model.initial_log_std)
        self.critics = _TwinCritics(self.prepared_dim + plan.action_size, self.layout, model)
        self.target_critics = copy.deepcopy(self.critics).requires_grad_(False)
        self.log_alpha = nn.Parameter(torch.zeros(1))

    def _inputs(self, features: Tensor) -> Tensor:
        raw = self.action_head(features)
        return torch.where(self.is_log_std, _bounded(raw), raw)

    def _forward_train(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """The outputs that RLlib's SAC loss reads, under its names."""
        now, then = self.prepare(batch[Columns.OBS]), self.prepare(batch[Columns.NEXT_OBS])
        action, logp = self._draw(now, batch.get(NOISE))
        with torch.no_grad():
            next_action, next_logp = self._draw(then, batch.get(NEXT_NOISE))
            next_value = torch.minimum(*self.target_critics(then, next_action))
        fixed = {name: parameter.detach() for name, parameter in self.critics.named_parameters()}
        value, twin_value = self.critics(now, batch[Columns.ACTIONS])
        return {
            QF_PREDS: value,
            QF_TWIN_PREDS: twin_value,
            QF_TARGET_NEXT: next_value,
            "logp_next_resampled": next_logp,
            "logp_resampled": logp,
            # The actor's gradient passes through the critics without changing them.
            "q_curr": torch.minimum(*functional_call(self.critics, fixed, (now, action))),
        }

    def _draw(self, vector: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Actions [b, action_size] with a gradient, and their log-probabilities [b]; `noise` is drawn if not given."""
        gaussian = self.get_train_action_dist_cls().from_logits(self.act(vector, [], None).inputs)
        drawn = gaussian.rsample(noise=noise)
        # log(1 - tanh(x)^2) in a numerically stable form (Haarnoja et al. 2018, appendix C).
        shrinking = 2.0 * (math.log(2.0) - drawn - functional.softplus(-2.0 * drawn))
        return drawn.tanh(), gaussian.logp(drawn) - shrinking.sum(-1)


class _TwinCritics(nn.Module):
    """Two networks from a vector and an action to the expected return, each [b]."""

    def __init__(self, inputs: int, layout: PolicyLayout, model: ModelConfig) -> None:
        super().__init__()
        trunks = [make_trunk(inputs, layout, model) for _ in range(2)]
        self.trunks = nn.ModuleList(trunks)
        self.heads = nn.ModuleList(make_linear(trunk.features, 1, 1.0) for trunk in trunks)

    def forward(self, vector: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        seen = torch.cat([vector, action], -1)
        first, second = (head(trunk(seen, [])).squeeze(-1) for trunk, head in zip(self.trunks, self.heads, strict=True))
        return first, second


def _bounded(raw: Tensor) -> Tensor:
    """Map any number smoothly into the range of log standard deviations."""
    return LOG_STD_MIN + 0.5 * (LOG_STD_MAX - LOG_STD_MIN) * (raw.tanh() + 1.0)


def _unbounded(log_std: float) -> float:
    """The number that `_bounded` maps to this log standard deviation."""
    inside = 2.0 * (log_std - LOG_STD_MIN) / (LOG_STD_MAX - LOG_STD_MIN) - 1.0
    # 0.99, because atanh is infinite at 1.
    return math.atanh(min(max(inside, -0.99), 0.99))
