"""A PPO train batch from the episodes of one policy, with generalised advantage estimation over all of them at once.

Replaces RLlib's learner connector pipeline, whose pieces loop over episodes in Python. Values, value targets and
sequences are the same. Advantages are standardised over real steps only; RLlib also counts an artificial step per
episode.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.evaluation.postprocessing import Postprocessing

from spacetime_rl.learning.batches.columns import Batch, joined_outputs, recurrent_states, to_tensors
from spacetime_rl.modules.critic import JOINT, ROWS, SEEN, Seen
from spacetime_rl.modules.policy import PolicyModule

Report = Callable[[NDArray[np.float32]], None]
Compute = Callable[[Batch], torch.Tensor]
Rows = Callable[[Batch, Compute], torch.Tensor]  # from a batch and a function of its rows to the function's result
_MOST_ROWS = 4096  # of which a value function that sees other agents computes the values at once


@dataclass(frozen=True, slots=True)
class Others:
    """The agents of one policy, as a value function sees them: `seen`, and for each observation their rows in it."""

    rows: NDArray[np.int64]  # [m, k]
    seen: Seen


@dataclass(frozen=True, slots=True)
class Judged:
    """The values of all observations of a policy's episodes, float32 [m], and what its value function saw of others.

    `after` are the values of what follows each observation for the agent if its episode terminated there.
    """

    values: NDArray[np.float32]
    after: NDArray[np.float32]
    others: Mapping[str, Others] = field(default_factory=dict)

    def followed_by(self, after: NDArray[np.float32]) -> Self:
        """The same with other values of what follows."""
        return replace(self, after=after)


def judge(
    module: PolicyModule,
    episodes: Sequence[SingleAgentEpisode],
    others: Mapping[str, Others] | None = None,
    rows: Rows = lambda batch, compute: compute(batch),
) -> Judged:
    """Compute the values of all observations; nothing follows an episode that terminated.

    `rows` computes them for a batch, where several learners share its rows.
    """
    seen = _Rows(np.array([len(episode) for episode in episodes]) + 1)
    observations = np.concatenate([episode.observations.data for episode in episodes])
    values = _values(module, observations, recurrent_states(module, episodes), seen, others or {}, rows)
    return Judged(values, np.zeros_like(values), others or {})


def make_train_batch(
    module: PolicyModule,
    episodes: Sequence[SingleAgentEpisode],
    gamma: float,
    lambda_: float,
    judged: Judged | None = None,
    report: Report = lambda _: None,
) -> Batch:
    """The columns that PPO's loss needs, on the module's device: one row per step.

    For a recurrent module one row is a sequence of `max_seq_len` steps, padded with zeros that LOSS_MASK marks, and
    STATE_IN is the state before the sequence's first step. `judged` is computed if it is not given. `report` receives
    the advantages before they are standardised, float32 [steps].
    """
    judged = judged or judge(module, episodes)
    lengths = np.array([len(episode) for episode in episodes])
    seen = _Rows(lengths + 1)  # every step, and the observation after the last one
    steps = _Rows(lengths)
    acted = seen.without_last()
    observations = np.concatenate([episode.observations.data for episode in episodes])
    states = recurrent_states(module, episodes)
    values = judged.values
    advantages = _advantages(episodes, judged, seen, steps, gamma, lambda_)
    report(advantages)
    columns = {
        Columns.OBS: observations[acted],
        Columns.ACTIONS: np.concatenate([episode.actions.data for episode in episodes]),
        Columns.ACTION_LOGP: joined_outputs(episodes, Columns.ACTION_LOGP),
        Columns.ACTION_DIST_INPUTS: joined_outputs(episodes, Columns.ACTION_DIST_INPUTS),
        Postprocessing.VALUE_TARGETS: advantages + values[acted],
        # The least standard deviation, 1e-4, is RLlib's.
        Postprocessing.ADVANTAGES: (advantages - advantages.mean()) / max(1e-4, advantages.std()),
    }
    if not states:
        return {**to_tensors(columns, module), **_joint(module, judged.others, lambda rows: rows[acted])}
    sequences = _Sequences(steps, module.model_config["max_seq_len"])
    padded = {key: sequences.pad(value) for key, value in columns.items()}
    state_in = {key: value[acted][sequences.starts] for key, value in states.items()}
    return {
        **to_tensors({**padded, Columns.LOSS_MASK: sequences.mask}, module),
        **_joint(module, judged.others, lambda rows: sequences.pad(rows[acted])),
        Columns.STATE_IN: to_tensors(state_in, module),
    }


class _Rows:
    """Row numbers in arrays of concatenated episodes."""

    def __init__(self, lengths: NDArray[np.int64]) -> None:
        self.lengths = lengths
        self.ends = np.cumsum(lengths)
        self.episode = np.repeat(np.arange(len(lengths)), lengths)
        self.step = np.arange(self.ends[-1]) - (self.ends - lengths)[self.episode]

    def without_last(self) -> NDArray[np.int64]:
        """Every row except the last one of each episode."""
        return np.delete(np.arange(self.ends[-1]), self.ends - 1)


class _Sequences:
    """Episodes cut into sequences of at most `length` steps."""

    def __init__(self, rows: _Rows, length: int) -> None:
        per_episode = -(-rows.lengths // length)
        first = np.cumsum(per_episode) - per_episode
        self._at = (first[rows.episode] + rows.step // length, rows.step % length)
        self._shape = (int(per_episode.sum()), length)
        self.starts = np.flatnonzero(self._at[1] == 0)  # rows at which a sequence begins
        self.mask = self.pad(np.ones(len(rows.step), np.bool_))

    def pad(self, values: NDArray[Any]) -> NDArray[Any]:
        """[rows, ...] as [sequences, length, ...], with zeros at the end of shorter sequences."""
        padded: NDArray[Any] = np.zeros((*self._shape, *values.shape[1:]), values.dtype)
        padded[self._at] = values
        return padded

    def flatten(self, padded: NDArray[Any]) -> NDArray[Any]:
        """The reverse of `pad`."""
        values: NDArray[Any] = padded[self._at]
        return values


def _joint(
    module: PolicyModule, others: Mapping[str, Others], select: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> dict[str, Any]:
    """The column JOINT of a batch whose rows `select` takes; empty for a value function that sees no others."""
    joint = {policy: {**to_tensors({ROWS: select(own.rows)}, module), SEEN: own.seen} for policy, own in others.items()}
    return {JOINT: joint} if joint else {}


def _values(
    module: PolicyModule,
    observations: NDArray[np.float32],
    states: dict[str, NDArray[np.float32]],
    seen: _Rows,
    others: Mapping[str, Others],
    rows: Rows,
) -> NDArray[np.float32]:
    """The value function's output for every row of `seen`."""
    with torch.no_grad():
        if not states:
            most = _MOST_ROWS if others else len(observations)
            parts = [slice(begin, begin + most) for begin in range(0, len(observations), most)]
            plain = (_plain(module, observations, others, part) for part in parts)
            return np.concatenate([rows(batch, module.compute_values).cpu().numpy() for batch in plain])
        sequences = _Sequences(seen, module.model_config["max_seq_len"])
        batch: Batch = {
            **to_tensors({Columns.OBS: sequences.pad(observations)}, module),
            **_joint(module, others, sequences.pad),
            Columns.STATE_IN: to_tensors({key: value[sequences.starts] for key, value in states.items()}, module),
        }
        return sequences.flatten(rows(batch, module.compute_values).cpu().numpy())


def _plain(module: PolicyModule, observations: NDArray[np.float32], others: Mapping[str, Others], part: slice) -> Batch:
    """A part of the observations of a stateless policy, with what its value function reads."""
    own = to_tensors({Columns.OBS: observations[part]}, module)
    return {**own, **_joint(module, others, operator.itemgetter(part))}


def _advantages(
    episodes: Sequence[SingleAgentEpisode],
    judged: Judged,
    seen: _Rows,
    steps: _Rows,
    gamma: float,
    lambda_: float,
) -> NDArray[np.float32]:
    """Advantages by step (Schulman et al. 2016, eq. 16): one backward pass over all episodes, aligned at their ends."""
    longest = int(steps.lengths.max())
    at = (steps.step + (longest - steps.lengths)[steps.episode], steps.episode)
    values = judged.values
    next_values = np.delete(values, seen.ends - seen.lengths)  # rows of `seen` except the first one of each episode
    terminated = np.array([episode.is_terminated for episode in episodes])
    next_values[steps.ends[terminated] - 1] = judged.after[seen.ends[terminated] - 1]
    rewards = np.concatenate([episode.rewards.data for episode in episodes])
    delta = np.zeros((longest, len(episodes)), np.float32)
    delta[at] = rewards + gamma * next_values - values[seen.without_last()]
    for step in range(longest - 2, -1, -1):
        delta[step] += gamma * lambda_ * delta[step + 1]
    advantages: NDArray[np.float32] = delta[at]
    return advantages
