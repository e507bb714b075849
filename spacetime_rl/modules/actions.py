"""The layout of distribution inputs and actions, and drawing of actions in numpy.

Inputs of the action distribution are [..., inputs_dim], one field after the other in declared order. A continuous field
has `size` means, then `size` log standard deviations; a discrete field has `size` logits. Actions are [...,
action_size]: a continuous field has `size` floats, a discrete field its index as a float. Continuous samples are not
clipped, so that their log-probability is that of the sample; the code that sends actions to a game clips them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import ActionField

# The constant of a normal distribution's log density.
HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Choice:
    """The position of a discrete field: its logits among the inputs, its index among the actions."""

    logits: slice
    column: int


@dataclass(frozen=True, slots=True)
class ActionPlan:
    """The positions of all numbers in the inputs and in the action."""

    inputs_dim: int
    action_size: int
    means: NDArray[np.int64]
    log_stds: NDArray[np.int64]
    columns: NDArray[np.int64]  # positions in the action of the continuous numbers, in the order of `means`
    choices: tuple[Choice, ...]


@lru_cache(maxsize=64)
def plan_actions(actions: tuple[ActionField, ...]) -> ActionPlan:
    """Compute the positions for these fields."""
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


def sample_numpy(
    inputs: NDArray[np.float32], actions: tuple[ActionField, ...], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw actions [n, action_size] and their log-probabilities [n] from inputs [n, inputs_dim], without torch."""
    plan = plan_actions(actions)
    normals = rng.standard_normal((len(inputs), len(plan.means)), dtype=np.float32)
    uniforms = rng.random((len(inputs), len(plan.choices)), dtype=np.float32)
    return shape_noise(inputs, actions, normals, uniforms)


def random_actions(agents: int, actions: tuple[ActionField, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    """Actions [agents, action_size] that are all equally likely: the random policy."""
    plan = plan_actions(actions)
    drawn = rng.uniform(-1.0, 1.0, (agents, plan.action_size)).astype(np.float32)
    for choice in plan.choices:
        drawn[:, choice.column] = rng.integers(choice.logits.stop - choice.logits.start, size=agents)
    return drawn


def shape_noise(
    inputs: NDArray[np.float32],
    actions: tuple[ActionField, ...],
    normals: NDArray[np.float32],
    uniforms: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Turn given noise into actions and log-probabilities; `sample_numpy` draws the noise.

    The noise is one standard normal number per continuous number, [n, continuous], and one uniform number in [0, 1) per
    discrete field, [n, discrete].
    """
    plan = plan_actions(actions)
    action = np.empty((len(inputs), plan.action_size), np.float32)
    log_std = inputs[:, plan.log_stds]
    action[:, plan.columns] = inputs[:, plan.means] + normals * np.exp(log_std)
    logp = (-0.5 * normals**2 - log_std - np.float32(HALF_LOG_TWO_PI)).sum(-1)
    for i, choice in enumerate(plan.choices):
        logps = _log_softmax(inputs[:, choice.logits])
        cumulative = np.exp(logps).cumsum(-1)
        drawn = uniforms[:, i, None] * cumulative[:, -1:]
        # A product just below the sum may be rounded up to it: then it is the last choice that is possible at all.
        last = (cumulative < cumulative[:, -1:]).sum(-1)
        index = np.minimum((cumulative <= drawn).sum(-1), last)
        action[:, choice.column] = index
        logp = logp + logps[np.arange(len(inputs)), index]
    return action, logp


def logps_numpy(
    inputs: NDArray[np.float32], actions: NDArray[np.float32], fields: tuple[ActionField, ...]
) -> NDArray[np.float32]:
    """Log-probabilities [n] of actions [n, action_size] under inputs [n, inputs_dim]; numbers are not clipped."""
    plan = plan_actions(fields)
    log_std = inputs[:, plan.log_stds]
    normals = (actions[:, plan.columns] - inputs[:, plan.means]) * np.exp(-log_std)
    logp: NDArray[np.float32] = (-0.5 * normals**2 - log_std - np.float32(HALF_LOG_TWO_PI)).sum(-1)
    rows = np.arange(len(inputs))
    for choice in plan.choices:
        logp = logp + _log_softmax(inputs[:, choice.logits])[rows, actions[:, choice.column].astype(np.int64)]
    return logp


def clip_into(
    values: NDArray[np.float32], low: float | NDArray[np.float32], high: float | NDArray[np.float32]
) -> NDArray[np.float32]:
    """Clip in place. For a few agents, `np.clip` takes five times as long because of its Python code."""
    np.maximum(values, low, out=values)
    return np.minimum(values, high, out=values)


def mode_numpy(
    inputs: NDArray[np.float32], actions: tuple[ActionField, ...], squashed: bool = False
) -> NDArray[np.float32]:
    """The most probable actions [n, action_size] for inputs [n, inputs_dim], without torch."""
    plan = plan_actions(actions)
    action = np.empty((len(inputs), plan.action_size), np.float32)
    action[:, plan.columns] = inputs[:, plan.means]
    for choice in plan.choices:
        action[:, choice.column] = inputs[:, choice.logits].argmax(-1)
    return squash(action, actions) if squashed else action


def squash(drawn: NDArray[np.float32], actions: tuple[ActionField, ...]) -> NDArray[np.float32]:
    """The actions of a squashed policy from samples [n, action_size]: tanh of the continuous numbers."""
    columns = plan_actions(actions).columns
    drawn[:, columns] = np.tanh(drawn[:, columns])
    return drawn


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))  # type: ignore[no-any-return]
