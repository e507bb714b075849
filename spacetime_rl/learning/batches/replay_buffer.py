"""Steps of one policy kept for learning again and again: plain arrays, oldest overwritten first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

N_STEP = "n_step"  # a column of RLlib's losses: after how many steps NEXT_OBS was seen
WEIGHTS = "weights"  # another: of the steps' losses

Transitions = Mapping[str, NDArray[Any]]


def make_transitions(episodes: Sequence[SingleAgentEpisode], gamma: float, n_step: int) -> Transitions:
    """A row per step: REWARDS are the discounted sum of the next `n_step` ones, NEXT_OBS is what was seen after them.

    Where an episode, or the piece of it that was handed over, ends sooner, they are fewer, as the column N_STEP says.
    """
    lengths = np.array([len(episode) for episode in episodes])
    episode = np.repeat(np.arange(len(lengths)), lengths)
    step = np.arange(len(episode)) - (np.cumsum(lengths) - lengths)[episode]
    count = np.minimum(n_step, lengths[episode] - step)
    observations = np.concatenate([episode.observations.data for episode in episodes])
    seen = np.arange(len(episode)) + episode  # there is one observation more than steps in every episode
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
        """Keep transitions, in the place of the oldest ones."""
        count = len(transitions[Columns.REWARDS])
        rows = (self._next + np.arange(count))[-self._capacity :] % self._capacity
        for key, values in transitions.items():
            if key not in self._columns:  # memory is taken page by page, as it fills
                self._columns[key] = np.empty((self._capacity, *values.shape[1:]), values.dtype)
            self._columns[key][rows] = values[-self._capacity :]
        self._next = (self._next + count) % self._capacity
        self._size = min(self._size + count, self._capacity)

    def sample(self, count: int) -> Transitions:
        """So many transitions, each drawn from all of them."""
        rows = self._rng.integers(self._size, size=count)
        return {key: values[rows] for key, values in self._columns.items()}
