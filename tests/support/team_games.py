"""Games in which an agent's reward depends on what only another agent sees, or comes after its own end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spacetime_rl.game.api import StepResult
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec, TeamSpec
from support.toy_game import FakeGame, FakeGameOpener


@dataclass(frozen=True)
class HiddenGameOpener(FakeGameOpener):
    """Every agent sees a number of its own, -1 or 1, which it keeps for an episode.

    At every decision each agent earns the mean of the *other* agents' numbers, whatever it does.
    """

    def __call__(self, launch: GameLaunch) -> FakeGame:
        return HiddenGame(self, launch)


class HiddenGame(FakeGame):
    def _seen(self, agent: int) -> np.ndarray:
        size = self.spec.groups[self._group[agent]].layout.obs_dim
        return np.full(size, self._number(agent), np.float32)

    def _number(self, agent: int) -> float:
        return 1.0 if np.random.default_rng([int(self._episode[self._arena[agent]]), agent]).random() < 0.5 else -1.0

    def _pay(self, first: np.ndarray) -> np.ndarray:
        numbers = np.array([self._number(i) for i in range(len(first))])
        totals = np.bincount(self._arena, numbers)[self._arena]
        means: np.ndarray = (totals - numbers) / (self.spec.num_agents // self.spec.arenas - 1)
        return means


@dataclass(frozen=True)
class TeamGameOpener(FakeGameOpener):
    """All agents of an arena are one team, which is paid 1 at its last decision. No episode is truncated."""

    @property
    def spec(self) -> GameSpec:
        agents = tuple(agent for group in self.groups for agent in group.agents)
        return GameSpec("fake", self.arenas, 60, 1, self.groups, teams=(TeamSpec("crew", agents),))

    def __call__(self, launch: GameLaunch) -> FakeGame:
        return TeamGame(self, launch)


class TeamGame(FakeGame):
    def _seen(self, agent: int) -> np.ndarray:
        """The clock, which is all that the rewards depend on, and the agent's number."""
        return np.array([self._age[agent], agent, 0.0], np.float32)

    def _pay(self, first: np.ndarray) -> np.ndarray:
        return np.where(self._age + 1 == max(self._opener.lengths), 1.0, 0.0)

    def _result(self, rewards: np.ndarray, terminated: np.ndarray, truncated: np.ndarray, ended: Any) -> StepResult:
        return super()._result(rewards, terminated | truncated, np.zeros_like(truncated), ended)
