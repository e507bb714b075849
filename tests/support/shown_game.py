"""A game in this process whose every number a test chooses."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.errors import ObservationError
from spacetime_rl.game.api import EndedAgent, StepResult, Timing
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import (
    STOCK_WIRE,
    ActionField,
    AgentGroup,
    GameSpec,
    ImageField,
    ObservationField,
    PolicyLayout,
)

AGENTS = 4
Numbers = Callable[[np.random.Generator], Any]


def uniform(size: int) -> Numbers:
    """Rows of numbers that look right."""
    return lambda rng: rng.uniform(-1.0, 1.0, (AGENTS, size))


@dataclass(frozen=True)
class ShownGames:
    """Opens such games: what is seen is drawn by field; the reward may follow the actions."""

    seen: dict[str, tuple[int, Numbers]]
    reward: Callable[[np.ndarray, np.random.Generator], Any] = lambda actions, _: actions[:, 0]
    length: int = 10
    terms: dict[str, Callable[[float], float]] | None = None  # of an episode's return
    actions: tuple[ActionField, ...] = (ActionField("move", "continuous", 2), ActionField("press", "discrete", 3))
    image: int | None = None  # the value of every pixel
    stock: bool = False
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the columns of what is a list of entities
    fault_at: int | None = None  # the step at which an observation is no number

    def __call__(self, launch: GameLaunch) -> ShownGame:
        return ShownGame(self, launch)

    @property
    def spec(self) -> GameSpec:
        fields = tuple(
            ObservationField(
                name, size, "", "entities" if name in self.lists else "continuous", self.lists.get(name, ())
            )
            for name, (size, _) in self.seen.items()
        )
        images = (ImageField("eye", (2, 2, 1)),) if self.image is not None else ()
        names = tuple(f"walker_{i}" for i in range(AGENTS))
        metrics = ("episode", "return", "length", "success", *(self.terms or {}))
        group = AgentGroup("walker", names, PolicyLayout(fields, images, self.actions), metrics)
        return GameSpec("shown", 1, 60, 8, (group,), wire=STOCK_WIRE if self.stock else "spacetime/1")


class ShownGame:
    def __init__(self, games: ShownGames, launch: GameLaunch) -> None:
        self.exit_fault = ""
        self.spec, self.timing, self.log_path, self.pid = games.spec, Timing(), Path(os.devnull), os.getpid()
        self._games, self._steps = games, 0

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        self._rng = np.random.default_rng([seed or 0, first_episode])
        self._episode, self._stride, self._age = first_episode, stride or 1, 0
        self._return = np.zeros(AGENTS)
        return self._result(np.zeros(AGENTS), ())

    def step(self, actions: Sequence[np.ndarray]) -> StepResult:
        self._steps += 1
        if self._steps == self._games.fault_at:
            raise ObservationError(
                "shown: bad answer to step: observation speed[0] of agent walker_2 is nan; its log ends:\n"
            )
        rewards = np.broadcast_to(self._games.reward(actions[0], self._rng), AGENTS).astype(np.float32)
        self._return += rewards
        self._age += 1
        ended: tuple[EndedAgent, ...] = ()
        if self._age == self._games.length:
            ended = tuple(self._end(agent) for agent in range(AGENTS))
            self._episode, self._age = self._episode + self._stride, 0
            self._return[:] = 0.0
        return self._result(rewards, ended)

    def close(self) -> None:
        pass

    def __enter__(self) -> ShownGame:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end(self, agent: int) -> EndedAgent:
        value = float(self._return[agent])
        metrics = {"episode": float(self._episode), "return": value, "length": float(self._age), "success": 0.0}
        metrics |= {name: term(value) for name, term in (self._games.terms or {}).items()}
        return EndedAgent(agent, np.zeros(1, np.float32), metrics)

    def _result(self, rewards: np.ndarray, ended: tuple[EndedAgent, ...]) -> StepResult:
        columns = [np.broadcast_to(draw(self._rng), (AGENTS, size)) for size, draw in self._games.seen.values()]
        if self._games.image is not None:
            columns.append(np.full((AGENTS, 4), self._games.image / 255.0))
        done = np.full(AGENTS, bool(ended))
        return StepResult(
            (np.concatenate(columns, axis=1).astype(np.float32),),
            np.asarray(rewards, np.float32),
            done,
            np.zeros(AGENTS, bool),
            np.ones(AGENTS, bool),
            ended,
        )
