"""The matches of one game: who plays which side in each arena's episode, and how each episode ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.api import StepResult
from spacetime_rl.league.payoff import Ranks, Side, ranks_of
from spacetime_rl.league.player import Player
from spacetime_rl.rollout.opponents import Draw, Opponents
from spacetime_rl.rollout.sides import MatchPlan


@dataclass(frozen=True, slots=True)
class MatchResult:
    """An episode of an arena: the policy and the player of each side, and the sides' ranks, 0 for the best."""

    sides: tuple[Side, ...]
    ranks: Ranks
    episode: int = -1  # its number in the game


class Matches:
    """Draws the players of every arena's episodes, each arena from a generator of its own.

    `players` names the player of every agent (object [agents]). Agents are `latest` where a learning policy plays them,
    and what they do is learned from where `learns` is set, both bool [agents]. `drawn` counts the draws so far.
    """

    def __init__(self, plan: MatchPlan, arena_of_agents: NDArray[np.int64]) -> None:
        agents = len(arena_of_agents)
        self.players: NDArray[np.object_] = np.empty(agents, object)
        self.latest = np.ones(agents, np.bool_)
        self.learns = np.ones(agents, np.bool_)
        self.drawn = 0
        self._plan = plan
        self._own = [Player.latest(side.policy, 0).id for side in plan.sides]
        self._arena = arena_of_agents
        self._in_arena = [np.flatnonzero(arena_of_agents == arena) for arena in range(int(arena_of_agents.max()) + 1)]
        self._over = np.zeros(agents, np.bool_)  # agents whose episode has ended, and whose next one has not begun
        self._results = np.full(agents, np.nan)
        self._sides: list[tuple[Side, ...]] = [() for _ in self._in_arena]
        self._rngs: list[np.random.Generator] = []
        self._finished: list[MatchResult] = []
        self._opponents: Opponents | None = None

    def seed(self, seed: int) -> None:
        """Seed the generators of all arenas, for a game with this seed."""
        self._rngs = [np.random.default_rng([seed, arena]) for arena in range(len(self._in_arena))]

    def follow(self, opponents: Opponents | None) -> None:
        """Draw from these opponents from every arena's next episode on."""
        self._opponents = opponents

    def begin(self) -> None:
        """All arenas begin a new episode; results of matches that nobody took are dropped."""
        self._over[:] = False
        self._finished.clear()
        for arena in range(len(self._in_arena)):
            self._draw(arena)

    def note(self, now: StepResult) -> None:
        """Note the episodes that ended, and draw players for the arenas that began another; for every result."""
        for agent in now.ended:
            self._over[agent.agent] = True
            self._results[agent.agent] = agent.metrics.get(self._plan.result, np.nan)
        if not self._over.any():
            return
        episodes = {int(self._arena[agent.agent]): int(agent.metrics.get("episode", -1)) for agent in now.ended}
        for arena in sorted(episodes):
            if self._over[self._in_arena[arena]].all():
                self._finish(arena, episodes[arena])
        for arena in np.unique(self._arena[self._over & now.active]):
            self._over[self._in_arena[arena]] = False
            self._draw(int(arena))

    def take(self) -> tuple[MatchResult, ...]:
        """The matches that have ended since the last call."""
        taken, self._finished = tuple(self._finished), []
        return taken

    def _finish(self, arena: int, episode: int) -> None:
        means = [float(self._results[side.agents[arena]].mean()) for side in self._plan.sides]
        if self._sides[arena] and not np.isnan(means).any():  # a task may not report the metric
            self._finished.append(MatchResult(self._sides[arena], ranks_of(means), episode))

    def _draw(self, arena: int) -> None:
        self.drawn += 1
        players, learns = self._choose(self._rngs[arena])
        self._sides[arena] = tuple(
            (side.policy, player) for side, player in zip(self._plan.sides, players, strict=True)
        )
        for side, player, own, learning in zip(self._plan.sides, players, self._own, learns, strict=True):
            agents = side.agents[arena]
            self.players[agents] = player
            self.latest[agents] = player == own
            self.learns[agents] = learning

    def _choose(self, rng: np.random.Generator) -> tuple[Sequence[str], Sequence[bool]]:
        """The player of each side, and whether it learns."""
        sides, opponents = self._plan.sides, self._opponents
        if opponents is None:
            return self._own, [True] * len(sides)
        learner = opponents.learners[int(rng.integers(len(opponents.learners)))]
        players, learns = [], []
        for side, own in zip(sides, self._own, strict=True):
            chosen = own if side.name == learner else _drawn(opponents.draws[side.policy], rng)
            players.append(chosen)
            learns.append(side.name == learner or (chosen == own and opponents.all_learn))
        return players, learns


def _drawn(draw: Draw, rng: np.random.Generator) -> str:
    chances = np.cumsum(draw.chances)
    return draw.players[int(np.searchsorted(chances[:-1], rng.random() * chances[-1], side="right"))]
