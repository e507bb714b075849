"""The distribution of a flat float32 action with continuous and discrete fields, in torch, as RLlib expects it.

`modules.actions` defines the layout, and has the same distribution in numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.distribution.distribution import Distribution
from ray.rllib.core.distribution.torch.torch_distribution import TorchDeterministic
from torch import Tensor

from spacetime_rl.game.spec import ActionField
from spacetime_rl.modules.actions import HALF_LOG_TWO_PI, ActionPlan, Choice, mode_numpy, plan_actions, sample_numpy

__all__ = ["ActionDistribution", "make_distribution_class", "mode_numpy", "plan_actions", "sample_numpy"]


At = slice | Tensor


class ActionDistribution(Distribution):  # type: ignore[misc]
    """Diagonal Gaussian over the continuous fields and independent categoricals over the discrete ones.

    Every method accepts any number of leading dimensions; `logp`, `entropy` and `kl` sum over the action.
    """

    plan: ActionPlan
    # The plan's positions as `at` gives them.
    means_at: At
    log_stds_at: At
    columns_at: At

    def __init__(self, inputs: Tensor) -> None:
        self.inputs = inputs

    @classmethod
    def from_logits(cls, logits: Tensor, **_kwargs: Any) -> ActionDistribution:
        """The distribution for these inputs, float32 [..., inputs_dim]."""
        return cls(logits)

    @classmethod
    def required_input_dim(cls, space: gym.Space[Any], **_kwargs: Any) -> int:
        """Number of outputs that a policy head needs."""
        del space  # the fields decide, not the flat box that RLlib sees
        return cls.plan.inputs_dim

    @property
    def mean(self) -> Tensor:
        """Means of the continuous numbers, [..., n]."""
        return self.inputs[..., self.means_at]

    @property
    def log_std(self) -> Tensor:
        """Log standard deviations of the continuous numbers, [..., n]."""
        return self.inputs[..., self.log_stds_at]

    def sample(self, *, sample_shape: Sequence[int] = (), **_kwargs: Any) -> Tensor:
        """Draw actions, float32 [*sample_shape, ..., action_size]."""
        with torch.no_grad():
            return self.rsample(sample_shape=sample_shape)

    def rsample(self, *, sample_shape: Sequence[int] = (), noise: Tensor | None = None, **_kwargs: Any) -> Tensor:
        """Draw actions whose continuous numbers have a gradient, from standard normal `noise` [..., n] if given."""
        inputs = self.inputs.expand(*(sample_shape or ()), *self.inputs.shape)
        mean = inputs[..., self.means_at]
        noise = torch.randn_like(mean) if noise is None else noise
        noisy = mean + noise * inputs[..., self.log_stds_at].exp()
        chosen = [_draw(inputs[..., choice.logits]) for choice in self.plan.choices]
        return self._assemble(noisy, chosen)

    def logp(self, value: Tensor, **_kwargs: Any) -> Tensor:
        """Log-probability (density) of actions [..., action_size], as [...]."""
        log_std = self.log_std
        error = (value[..., self.columns_at] - self.mean) * torch.exp(-log_std)
        total = (-0.5 * error**2 - log_std - HALF_LOG_TWO_PI).sum(-1)
        for choice, logp in self._choice_logps():
            total = total + logp.gather(-1, value[..., choice.column, None].long()).squeeze(-1)
        return total

    def entropy(self, **_kwargs: Any) -> Tensor:
        """Differential entropy of the Gaussian plus entropies of the categoricals, in nats, as [...]."""
        total = (self.log_std + (0.5 + HALF_LOG_TWO_PI)).sum(-1)
        for _, logp in self._choice_logps():
            total = total - (logp.exp() * logp).sum(-1)
        return total

    def kl(self, other: ActionDistribution, **_kwargs: Any) -> Tensor:
        """KL(self || other) in nats, as [...]."""
        ratio = torch.exp(2.0 * (self.log_std - other.log_std))
        error = (self.mean - other.mean) * torch.exp(-other.log_std)
        total = (other.log_std - self.log_std + 0.5 * (ratio + error**2 - 1.0)).sum(-1)
        for (_, mine), (_, theirs) in zip(self._choice_logps(), other._choice_logps(), strict=True):
            total = total + (mine.exp() * (mine - theirs)).sum(-1)
        return total

    def mode(self) -> Tensor:
        """The most probable action, [..., action_size]."""
        return self._assemble(self.mean, [self.inputs[..., choice.logits].argmax(-1) for choice in self.plan.choices])

    def to_deterministic(self) -> Distribution:
        """The distribution that always returns the mode."""
        return TorchDeterministic(loc=self.mode())

    def _choice_logps(self) -> list[tuple[Choice, Tensor]]:
        return [(choice, self.inputs[..., choice.logits].log_softmax(-1)) for choice in self.plan.choices]

    def _assemble(self, continuous: Tensor, chosen: Sequence[Tensor]) -> Tensor:
        if not chosen:
            return continuous
        action = continuous.new_empty((*continuous.shape[:-1], self.plan.action_size))
        action[..., self.plan.columns] = continuous
        for choice, index in zip(self.plan.choices, chosen, strict=True):
            action[..., choice.column] = index.to(action.dtype)
        return action


@lru_cache(maxsize=64)
def make_distribution_class(actions: tuple[ActionField, ...]) -> type[ActionDistribution]:
    """The distribution class for these fields; RLlib builds its instances from inputs alone."""
    plan = plan_actions(actions)
    positions = {"means_at": at(plan.means), "log_stds_at": at(plan.log_stds), "columns_at": at(plan.columns)}
    return type("ActionDistribution", (ActionDistribution,), {"plan": plan, **positions})


def at(positions: NDArray[np.int64]) -> At:
    """The positions as a slice where they follow one another: torch copies what it takes by single positions."""
    if not len(positions):
        return slice(0, 0)
    first, last = int(positions[0]), int(positions[-1])
    return slice(first, last + 1) if last - first == len(positions) - 1 else torch.from_numpy(positions)


def _draw(logits: Tensor) -> Tensor:
    flat = torch.multinomial(logits.softmax(-1).reshape(-1, logits.shape[-1]), 1)
    return flat.reshape(logits.shape[:-1])
