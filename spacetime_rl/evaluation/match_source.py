"""A player for each side of a match, also where several sides have the same policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.evaluation.agents import places_of
from spacetime_rl.evaluation.policies import Actor
from spacetime_rl.evaluation.sources import Source
from spacetime_rl.game.spec import GameSpec

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MatchSource:
    """The agents of every side with their player: `sides` are the names of its agents in an arena, and the player.

    The game's scripts play a policy if they are the player of all sides that have this policy.
    """

    sides: Sequence[tuple[frozenset[str], str, Source]]  # the agents, their policy, the player
    name: str
    in_game: Mapping[str, Path] = field(default_factory=dict)

    @property
    def control(self) -> Literal["policy", "heuristic"]:
        """`heuristic` if the game's scripts play all sides."""
        return "heuristic" if all(source.control == "heuristic" for _, _, source in self.sides) else "policy"

    @property
    def scripted(self) -> tuple[str, ...]:
        """The policies whose sides the game's scripts play."""
        if self.control == "heuristic":
            return ()
        others = {policy for _, policy, source in self.sides if source.control != "heuristic"}
        return tuple(sorted({policy for _, policy, _ in self.sides} - others))

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One actor per plan, which lets every side's player act for its agents. Raises ContractError."""
        names = np.array([name for group in spec.groups for name in group.agents])
        actors: list[Actor] = []
        for plan in plans:
            own = names[places_of(spec)[plan.agents]]
            parts = []
            for agents, policy, source in self.sides:
                if policy == plan.name:
                    rows = np.flatnonzero(np.isin(own, sorted(agents)))
                    part = replace(plan, agents=plan.agents[rows])
                    parts.append((rows, source.make_actors(spec, [part], seed, stochastic)[0]))
            actors.append(parts[0][1] if len(parts) == 1 else _Split(plan.layout.action_size, parts))
        return actors


class _Split:
    """Acts for the agents of one policy through several actors, each with its rows."""

    def __init__(self, action_size: int, parts: Sequence[tuple[NDArray[np.int64], Actor]]) -> None:
        self._size = action_size
        self._parts = parts

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """Let every actor begin the episodes of its own agents."""
        for own, actor in self._parts:
            chosen = np.isin(rows, own)
            if chosen.any():
                actor.begin(np.searchsorted(own, rows[chosen]), episodes[chosen])

    def act(self, observations: Floats) -> Floats:
        """The actions of all actors, float32 [n, action_size]."""
        actions = np.zeros((len(observations), self._size), np.float32)
        for own, actor in self._parts:
            actions[own] = actor.act(observations[own])
        return actions
