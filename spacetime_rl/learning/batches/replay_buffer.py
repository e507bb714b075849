"""The replay buffer of one policy: plain arrays, in which new transitions overwrite the oldest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

N_STEP = "n_step"  # a column of RLlib's losses: the number of steps between OBS and NEXT_OBS
WEIGHTS = "weights"  # a column of RLlib's losses: the weight of each step

Transitions = Mapping[str, NDArray[Any]]


def make_transitions(episodes: Sequence[SingleAgentEpisode], gamma: float, n_step: int) -> Transitions:
    """One row per step: REWARDS is the discounted sum of the next `n_step` rewards, NEXT_OBS what was observed then.

    Near the end of an episode, or of a piece of one, fewer rewards are left; the column N_STEP holds their number.
    """
    lengths = np.array([len(episode) for episode in episodes])
    episode = np.repeat(np.arange(len(lengths)), lengths)
    step = np.arange(len(episode)) - (np.cumsum(lengths) - lengths)[episode]
    count = np.minimum(n_step, lengths[episode] - step)
    observations = np.concatenate([episode.observations.data for episode in episodes])
    seen = np.arange(len(episode)) + episode  # every episode has one observation more than steps
    terminated = np.array([episode.is_terminated for episode in episodes])
    return {
        Columns.OBS: observations[seen],
        Columns.NEXT_OBS: observations[seen + count],
        Columns.ACTIONS: np.concatenate([episode.actions.data for episode in episodes]),
        Columns.REWARDS: _sums(np.concatenate([episode.rewards.data for episode in episodes]), count, gamma),
        Columns.TERMINATEDS: terminated[episode] & (step + count == lengths[episode]),
        N_STEP: count.astype(np.float32),
        WEIGHTS: np.ones(len(episode), np.float32),
    }


def _sums(rewards: NDArray[np.float32], count: NDArray[np.int64], gamma: float) -> NDArray[np.float32]:
    """Discounted sums of the next `count` rewards of every step."""
    sums = rewards.copy()
    for ahead in range(1, int(count.max())):
        begins = np.flatnonzero(count > ahead)
        sums[begins] += np.float32(gamma**ahead) * rewards[begins + ahead]
    return sums


class Replay:
    """The latest `capacity` transitions."""

    def __init__(self, capacity: int, rng: np.random.Generator) -> None:
        self._capacity = capacity
        self._rng = rng
        self._columns: dict[str, NDArray[Any]] = {}
        self._next = 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, transitions: Transitions) -> None:
        """Add transitions; they overwrite the oldest ones if the buffer is full."""
        count = len(transitions[Columns.REWARDS])
        rows = (self._next + np.arange(count))[-self._capacity :] % self._capacity
        for key, values in transitions.items():
            if key not in self._columns:  # the system allocates the pages only as they are filled
                self._columns[key] = np.empty((self._capacity, *values.shape[1:]), values.dtype)
            self._columns[key][rows] = values[-self._capacity :]
        self._next = (self._next + count) % self._capacity
        self._size = min(self._size + count, self._capacity)

    def sample(self, count: int) -> Transitions:
        """`count` transitions, drawn uniformly with replacement."""
        rows = self._rng.integers(self._size, size=count)
        return {key: values[rows] for key, values in self._columns.items()}
