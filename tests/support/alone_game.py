"""A stock-like game in this process: each agent has episodes of its own, and some never end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.game.api import EndedAgent, StepResult, Timing
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import STOCK_WIRE, ActionField, AgentGroup, GameSpec, ObservationField, PolicyLayout
from spacetime_rl.game.trace import NOTHING, Recording

NEVER = 10**9
_METRICS = ("episode", "return", "length", "success")
LAYOUT = PolicyLayout((ObservationField("obs", 2),), (), (ActionField("move", "continuous", 1),))


@dataclass
class AloneGames:
    """Opens such games. Agent i has episodes of `lengths[i]` decisions; its policy is `policies[i]`, in order."""

    lengths: tuple[int, ...]
    policies: tuple[str, ...] = ()
    truncates: bool = False
    opened: list[GameLaunch] = field(default_factory=list)

    def __call__(self, launch: GameLaunch) -> AloneGame:
        self.opened.append(launch)
        return AloneGame(self, launch)

    @property
    def spec(self) -> GameSpec:
        names = self.policies or ("walker",) * len(self.lengths)
        groups = tuple(
            AgentGroup(name, tuple(f"{name}_{i}" for i in range(names.count(name))), LAYOUT, _METRICS)
            for name in dict.fromkeys(names)
        )
        return GameSpec("alone", 1, 60, 8, groups, wire=STOCK_WIRE)


class AloneGame:
    def __init__(self, games: AloneGames, launch: GameLaunch) -> None:
        self.exit_fault = ""
        self.spec, self.timing, self.log_path, self.pid = games.spec, Timing(), Path(os.devnull), os.getpid()
        self.steps = 0
        self._games, self._launch = games, launch
        self._lengths = np.array(games.lengths)

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        assert seed == self._launch.seed  # a stock game cannot change it
        self._episode = np.full(len(self._lengths), first_episode)
        self._stride = stride or 1
        self._age, self._return = np.zeros(len(self._lengths), int), np.zeros(len(self._lengths))
        return self._result(np.zeros(len(self._lengths), bool), ())

    def step(self, actions: Sequence[np.ndarray]) -> StepResult:
        self.steps += 1
        self._age += 1
        self._return += np.concatenate(actions)[:, 0]
        done = self._age >= self._lengths
        ended = tuple(self._end(agent) for agent in np.flatnonzero(done).tolist())
        self._episode[done] += self._stride
        self._age[done], self._return[done] = 0, 0.0
        return self._result(done, ended)

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[Any, ...]:
        return ()

    def close(self) -> None:
        pass

    def __enter__(self) -> AloneGame:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _end(self, agent: int) -> EndedAgent:
        values = (self._episode[agent], self._return[agent], self._age[agent], 0.0)
        return EndedAgent(agent, np.zeros(2, np.float32), dict(zip(_METRICS, map(float, values), strict=True)))

    def _result(self, done: np.ndarray, ended: tuple[EndedAgent, ...]) -> StepResult:
        count = len(done)
        seen = tuple(np.zeros((self.spec.group_size(g), 2), np.float32) for g in range(len(self.spec.groups)))
        cut = done if self._games.truncates else np.zeros(count, bool)
        return StepResult(seen, np.zeros(count, np.float32), done & ~cut, cut, np.ones(count, bool), ended)
