"""Where and when a piece of an episode was played, so that the learner finds what other agents saw at the same time.

The observations themselves are in the other agents' pieces, so none of them is sent twice.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import GameSpec

PLACE = "place"  # the key of an episode's `custom_data`


class Place(NamedTuple):
    """The place of a piece."""

    fragment: int  # a number that no other fragment of any game has
    arena: int
    world: int  # number of the arena's episode, counted from the one that ran at the fragment's beginning
    column: int  # the agent's number among its policy's agents in the arena
    step: int  # the decision of the fragment at which the piece begins


@dataclass(frozen=True, slots=True)
class PolicyPlaces:
    """The places of the pieces that one policy's n agents played in a fragment."""

    fragment: int
    arenas: NDArray[np.int64]  # [n]
    columns: NDArray[np.int64]  # [n]
    worlds: NDArray[np.int64]  # [arenas, decisions + 1]

    def of(self, row: int, step: int) -> Place:
        """The place of a piece of agent `row` that begins at a decision."""
        arena = int(self.arenas[row])
        return Place(self.fragment, arena, int(self.worlds[arena, step]), int(self.columns[row]), step)


@dataclass(frozen=True, slots=True)
class Places:
    """The places of all pieces of a fragment."""

    fragment: int
    arenas: NDArray[np.int64]  # of all agents of the game
    worlds: NDArray[np.int64]  # [arenas, decisions + 1]

    def of_agents(self, agents: NDArray[np.int64]) -> PolicyPlaces:
        """Those of one policy's agents, which are given by their numbers in the game."""
        arenas = self.arenas[agents]
        columns = [np.count_nonzero(arenas[:row] == arena) for row, arena in enumerate(arenas)]
        return PolicyPlaces(self.fragment, arenas, np.array(columns, np.int64), self.worlds)


class ArenaEpisodes:
    """Follows the episodes of a game's arenas from fragment to fragment.

    An arena's episode ends when the episodes of all of its agents have ended. A stock game has one that never ends,
    because each of its agents begins again by itself.
    """

    def __init__(self, spec: GameSpec) -> None:
        self._arenas = spec.arenas
        self._arena = spec.arena_of_agents
        self._agents = spec.num_agents // spec.arenas
        self._endless = spec.is_stock
        self._over = np.zeros(spec.num_agents, np.bool_)  # agents whose part of the running episode is over

    def begin(self) -> None:
        """Every arena begins an episode."""
        self._over[:] = False

    def places(self, ended: NDArray[np.bool_]) -> Places:
        """The places of the next fragment, from the decisions in which each agent's episode ended, bool [n, t]."""
        worlds = np.zeros((self._arenas, ended.shape[1] + 1), np.int64)
        for step in [] if self._endless else np.flatnonzero(ended.any(0)):
            self._over |= ended[:, step]
            done = np.bincount(self._arena[self._over], minlength=self._arenas) == self._agents
            worlds[done, step + 1 :] += 1
            self._over[done[self._arena]] = False
        return Places(uuid.uuid4().int >> 65, self._arena, worlds)
