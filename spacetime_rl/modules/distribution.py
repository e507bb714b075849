"""The distribution of a flat float32 action made of continuous and discrete fields, in torch and in numpy.

Inputs [..., inputs_dim], field after field in declared order: a continuous field has `size` means, then `size` log
standard deviations; a discrete one has `size` logits. Actions [..., action_size]: a continuous field has `size` floats,
a discrete one its index as a float. Continuous samples are not clipped: their log-probability is that of the sample;
whoever sends them to a game clips.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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

HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a discrete field is: its logits among the inputs, its index among the actions."""

    logits: slice
    column: int


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """Where every number of the inputs and of the action is."""

    inputs_dim: int
    action_size: int
    means: NDArray[np.int64]
    log_stds: NDArray[np.int64]
    columns: NDArray[np.int64]  # of the continuous numbers in the action, in the order of `means`
    choices: tuple[Choice, ...]


@lru_cache(maxsize=64)
def plan_actions(actions: tuple[ActionField, ...]) -> ActionPlan:
    """Lay out the inputs and the action of these fields."""
    means: list[int] = []
    log_stds: list[int] = []
    columns: list[int] = []
    choices: list[Choice] = []
    inputs = column = 0
    for action in actions:
        end = inputs + action.size
        if action.kind == "continuous":
            means += range(inputs, end)
            log_stds += range(end, end + action.size)
            columns += range(column, column + action.size)
            end += action.size
        else:
            choices.append(Choice(slice(inputs, end), column))
        inputs, column = end, column + action.width
    return ActionPlan(
        inputs, column, np.array(means, int), np.array(log_stds, int), np.array(columns, int), tuple(choices)
    )


class ActionDistribution(Distribution):  # type: ignore[misc]
    """Diagonal Gaussian over the continuous fields and independent categoricals over the discrete ones.

    Every method works on leading dimensions of any number; `logp`, `entropy` and `kl` sum over the action.
    """

    plan: ActionPlan

    def __init__(self, inputs: Tensor) -> None:
        self.inputs = inputs

    @classmethod
    def from_logits(cls, logits: Tensor, **_kwargs: Any) -> ActionDistribution:
        """The distribution of these inputs, float32 [..., inputs_dim]."""
        return cls(logits)

    @classmethod
    def required_input_dim(cls, space: gym.Space[Any], **_kwargs: Any) -> int:
        """Numbers a policy head has to give."""
        del space  # the fields decide, not the flat box RLlib sees
        return cls.plan.inputs_dim

    @property
    def mean(self) -> Tensor:
        """Means of the continuous numbers, [..., n]."""
        return self.inputs[..., self.plan.means]

    @property
    def log_std(self) -> Tensor:
        """Log standard deviations of the continuous numbers, [..., n]."""
        return self.inputs[..., self.plan.log_stds]

    def sample(self, *, sample_shape: Sequence[int] = (), **_kwargs: Any) -> Tensor:
        """Draw actions, float32 [*sample_shape, ..., action_size]."""
        with torch.no_grad():
            return self.rsample(sample_shape=sample_shape)

    def rsample(self, *, sample_shape: Sequence[int] = (), **_kwargs: Any) -> Tensor:
        """Draw actions whose continuous numbers carry a gradient."""
        inputs = self.inputs.expand(*(sample_shape or ()), *self.inputs.shape)
        mean = inputs[..., self.plan.means]
        noisy = mean + torch.randn_like(mean) * inputs[..., self.plan.log_stds].exp()
        chosen = [_draw(inputs[..., choice.logits]) for choice in self.plan.choices]
        return self._assemble(noisy, chosen)

    def logp(self, value: Tensor, **_kwargs: Any) -> Tensor:
        """Log-probability (density) of actions [..., action_size], as [...]."""
        error = (value[..., self.plan.columns] - self.mean) * torch.exp(-self.log_std)
        total = (-0.5 * error**2 - self.log_std - HALF_LOG_TWO_PI).sum(-1)
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
        """The distribution that always gives the mode."""
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
    """The distribution class of these fields, as RLlib wants it: it is built from inputs alone."""
    return type("ActionDistribution", (ActionDistribution,), {"plan": plan_actions(actions)})


def sample_numpy(
    inputs: NDArray[np.float32], actions: tuple[ActionField, ...], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw actions [n, action_size] and their log-probabilities [n] from inputs [n, inputs_dim], without torch."""
    plan = plan_actions(actions)
    n = len(inputs)
    action = np.empty((n, plan.action_size), np.float32)
    log_std = inputs[:, plan.log_stds]
    noise = rng.standard_normal(log_std.shape, dtype=np.float32)
    action[:, plan.columns] = inputs[:, plan.means] + noise * np.exp(log_std)
    logp = (-0.5 * noise**2 - log_std - np.float32(HALF_LOG_TWO_PI)).sum(-1)
    for choice in plan.choices:
        logps = _log_softmax(inputs[:, choice.logits])
        cumulative = np.exp(logps).cumsum(-1)
        draw = rng.random((n, 1), dtype=np.float32) * cumulative[:, -1:]
        index = np.minimum((cumulative <= draw).sum(-1), logps.shape[1] - 1)
        action[:, choice.column] = index
        logp = logp + logps[np.arange(n), index]
    return action, logp


def mode_numpy(inputs: NDArray[np.float32], actions: tuple[ActionField, ...]) -> NDArray[np.float32]:
    """The most probable actions [n, action_size] of inputs [n, inputs_dim], without torch."""
    plan = plan_actions(actions)
    action = np.empty((len(inputs), plan.action_size), np.float32)
    action[:, plan.columns] = inputs[:, plan.means]
    for choice in plan.choices:
        action[:, choice.column] = inputs[:, choice.logits].argmax(-1)
    return action


def _draw(logits: Tensor) -> Tensor:
    flat = torch.multinomial(logits.softmax(-1).reshape(-1, logits.shape[-1]), 1)
    return flat.reshape(logits.shape[:-1])


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))  # type: ignore[no-any-return]
