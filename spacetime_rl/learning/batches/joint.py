"""What the other agents of an arena saw at the same time, for value functions that see them.

The observations are those of the episodes themselves: a step of an agent refers to the others' by row numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.rollout.places import PLACE, Place

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moments:
    """For every observation of a policy's episodes, also the last ones: when it was made, and by which agent.

    `moment` numbers the decisions of all arenas and fragments: observations of one moment were made in the same tick of
    the same arena's episode. `column` is the agent's number among the policy's agents in an arena. All are [m].
    """

    moment: Ints
    column: Ints
    final: NDArray[np.bool_]  # the agent's episode is over
    terminated: NDArray[np.bool_]  # ... and nothing follows


@dataclass(frozen=True, slots=True)
class JointView:
    """The observations of all policies' episodes, by moment.

    `vectors` are float32 [1 + m, obs_dim], with zeros in row 0. `playing` has for each moment and column the row in
    `vectors`, int64 [moments, k], and 0 where the agent does not act next: it waits, or its part is over. `cut_off` has
    the last rows of the agents that were truncated.
    """

    vectors: Mapping[str, NDArray[np.float32]]
    moments: Mapping[str, Moments]
    playing: Mapping[str, Ints]
    cut_off: Mapping[str, Ints]

    @classmethod
    def of(cls, episodes: Mapping[str, Sequence[SingleAgentEpisode]]) -> Self:
        """From the episodes of every policy; each holds its place."""
        first = _first_moments([episode for own in episodes.values() for episode in own])
        moments = {policy: _moments(own, first) for policy, own in episodes.items()}
        count = 1 + max((int(own.moment.max()) for own in moments.values()), default=0)
        return cls(
            {policy: _vectors(own) for policy, own in episodes.items()},
            moments,
            {policy: _grid(own, count, ~own.final) for policy, own in moments.items()},
            {policy: _grid(own, count, own.final & ~own.terminated) for policy, own in moments.items()},
        )

    def others(self, policy: str, other: str, sees: NDArray[np.bool_] | None = None) -> Ints:
        """For each observation of `policy` the rows of `other`'s agents, int64 [m, k]; 0 for the agent itself.

        Agents that are over are not seen. Only the last observation of an agent goes with the last ones of agents that
        were cut off at the same time, because the truncated episode would have gone on with them. `sees` is
        bool [k_policy, k_other]; None: all see all.
        """
        own = self.moments[policy]
        rows = self.playing[other][own.moment]
        cut_off = self.cut_off[other][own.moment[own.final]]
        rows[own.final] = np.where(rows[own.final], rows[own.final], cut_off)
        if policy == other:
            rows[np.arange(len(rows)), own.column] = 0
        if sees is not None:
            rows[~sees[own.column, : rows.shape[1]]] = 0
        return rows


def _first_moments(episodes: Sequence[SingleAgentEpisode]) -> dict[tuple[int, int, int], int]:
    """The moment of decision 0 of each fragment, by (fragment, arena, episode of the arena)."""
    ends: dict[tuple[int, int, int], int] = {}
    for episode in episodes:
        place: Place = episode.custom_data[PLACE]
        scene = place[:3]
        ends[scene] = max(ends.get(scene, 0), place.step + len(episode) + 1)
    starts = np.cumsum([0, *ends.values()])
    return dict(zip(ends, starts.tolist(), strict=False))


def _moments(episodes: Sequence[SingleAgentEpisode], first: Mapping[tuple[int, int, int], int]) -> Moments:
    lengths = np.array([len(episode) + 1 for episode in episodes])
    places: list[Place] = [episode.custom_data[PLACE] for episode in episodes]
    begins = np.array([first[place[:3]] + place.step for place in places])
    ends = np.cumsum(lengths)
    final = np.zeros(ends[-1], np.bool_)
    terminated = np.zeros(ends[-1], np.bool_)
    final[ends - 1] = [episode.is_done for episode in episodes]
    terminated[ends - 1] = [episode.is_terminated for episode in episodes]
    return Moments(
        np.repeat(begins - (ends - lengths), lengths) + np.arange(ends[-1]),
        np.repeat([place.column for place in places], lengths),
        final,
        terminated,
    )


def _vectors(episodes: Sequence[SingleAgentEpisode]) -> NDArray[np.float32]:
    observations = [episode.observations.data for episode in episodes]
    return np.concatenate([np.zeros_like(observations[0][:1]), *observations])


def _grid(moments: Moments, count: int, chosen: NDArray[np.bool_]) -> Ints:
    """The row of each chosen observation, int64 [count, k] by moment and column; 0 where there is none."""
    grid = np.zeros((count, int(moments.column.max()) + 1), np.int64)
    grid[moments.moment[chosen], moments.column[chosen]] = 1 + np.flatnonzero(chosen)
    return grid
