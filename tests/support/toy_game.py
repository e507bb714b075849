"""A game in this process, without an engine: deterministic, fast, and able to fail on command."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.errors import ActionError, GameError, UsageError
from spacetime_rl.game.action_check import ActionCheck
from spacetime_rl.game.api import EndedAgent, StepResult, Timing
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import ActionField, AgentGroup, GameSpec, ObservationField, PolicyLayout
from spacetime_rl.game.trace import NOTHING, Recording


def make_layout(obs: int = 3, continuous: int = 2, choices: int = 0) -> PolicyLayout:
    actions = [ActionField("move", "continuous", continuous)] if continuous else []
    if choices:
        actions.insert(0, ActionField("choice", "discrete", choices))
    return PolicyLayout((ObservationField("seen", obs),), (), tuple(actions))


METRICS = ("episode", "return", "length", "success", "reward/near")


def make_group(name: str, agents: int, layout: PolicyLayout) -> AgentGroup:
    return AgentGroup(name, tuple(f"{name}_{i}" for i in range(agents)), layout, METRICS)


@dataclass(frozen=True)
class FakeGameOpener:
    """Opens fake games; picklable, so that it can stand in a RolloutPlan.

    Agent i of an arena plays episodes of `lengths[i % len(lengths)]` decisions, then waits until its arena's last agent
    has ended. Its part begins after `begins[i % len(begins)]` decisions of the episode. Odd episodes are truncated,
    even ones terminated. The reward is high when the first action number is near the first observation number.
    """

    groups: tuple[AgentGroup, ...]
    arenas: int = 1
    lengths: tuple[int, ...] = (5,)
    begins: tuple[int, ...] = (0,)
    seed: int | None = None  # given: whatever seed is asked for
    fault: GameError | None = None
    fails_at: tuple[int, ...] = ()  # the request, counted over the games of this process, at which `fault` is raised

    def __call__(self, launch: GameLaunch) -> FakeGame:
        return FakeGame(self, launch)

    @property
    def spec(self) -> GameSpec:
        return GameSpec("fake", self.arenas, 60, 1, self.groups)


class FakeGame:
    requests = 0  # of all games of this process

    def __init__(self, opener: FakeGameOpener, launch: GameLaunch) -> None:
        self.spec = opener.spec
        self.launch = launch
        self.timing = Timing()
        self.log_path = Path(os.devnull)
        self.pid = os.getpid()
        self.exit_fault = ""
        self.script_errors = 0
        self.closed = False
        self.configured: list[dict[str, Any]] = []
        self.asked: list[list[np.ndarray]] = []
        self._opener = opener
        self._has_begun = False
        self._checks = [
            ActionCheck(self.spec.group_size(g), group.layout, launch.nan_asks_script if launch else False)
            for g, group in enumerate(self.spec.groups)
        ]
        self._seed = launch.seed if opener.seed is None else opener.seed
        n = self.spec.num_agents
        self._arena = np.concatenate(
            [np.repeat(np.arange(self.spec.arenas), len(group.agents)) for group in self.spec.groups]
        )
        self._length = np.array([opener.lengths[i % len(opener.lengths)] for i in range(n)])
        self._begins = np.array([opener.begins[i % len(opener.begins)] for i in range(n)])
        self._group = np.concatenate([np.full(self.spec.group_size(g), g) for g in range(len(self.spec.groups))])
        self._row = np.concatenate([np.arange(self.spec.group_size(g)) for g in range(len(self.spec.groups))])

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        self._maybe_fail()
        self._has_begun = True
        if seed is not None and self._opener.seed is None:
            self._seed = seed
        self._episode = first_episode + np.arange(self.spec.arenas)
        self._stride = stride or self.spec.arenas
        n = self.spec.num_agents
        self._age, self._return, self._clock = np.zeros(n, int), np.zeros(n), np.zeros(n, int)
        self._active, self._waiting = self._begins == 0, self._begins > 0
        return self._result(np.zeros(n), np.zeros(n, bool), np.zeros(n, bool), ())

    def step(self, actions: Sequence[np.ndarray]) -> StepResult:
        self.send(actions)
        return self.receive()

    def send(self, actions: Sequence[np.ndarray]) -> None:
        if not self._has_begun:
            raise UsageError("step before reset")
        if len(actions) != len(self._checks):
            raise ActionError("an array of actions for every policy")
        for check, action in zip(self._checks, actions, strict=True):
            if not check.accepts(action) and check.mistake_in(action):
                raise ActionError("no action")
        self.asked.append([action.copy() for action in actions])

    def receive(self) -> StepResult:
        self._maybe_fail()
        actions = self.asked[-1]
        self.timing.add(2e-6, 2e-6, 1e-6)
        acting = self._active.copy()
        first = np.array([actions[g][row, 0] for g, row in zip(self._group, self._row, strict=True)])
        rewards = np.where(acting, self._pay(first), 0.0)
        self._age[acting] += 1
        self._return += rewards
        done = acting & (self._age >= self._length)
        odd = self._episode[self._arena] % 2 == 1
        ended = tuple(self._end(int(i)) for i in np.flatnonzero(done))
        self._active &= ~done
        self._clock += 1
        woken = self._waiting & (self._clock >= self._begins)
        self._active, self._waiting = self._active | woken, self._waiting & ~woken
        for arena in range(self.spec.arenas):
            inside = self._arena == arena
            if not (self._active | self._waiting)[inside].any():
                self._episode[arena] += self._stride
                self._age[inside], self._return[inside], self._clock[inside] = 0, 0.0, 0
                self._active[inside], self._waiting[inside] = self._begins[inside] == 0, self._begins[inside] > 0
        return self._result(rewards, done & ~odd, done & odd, ended)

    def configure(self, params: Mapping[str, Any]) -> None:
        self.configured.append(dict(params))

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[()]:
        del recording, unfinished
        return ()

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> FakeGame:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _pay(self, first: np.ndarray) -> np.ndarray:
        """The reward of every agent, f64[n], from the first number of its action."""
        paid: np.ndarray = 1.0 - np.abs(first - np.array([self._seen(i)[0] for i in range(len(first))]))
        return paid

    def _maybe_fail(self) -> None:
        FakeGame.requests += 1
        if FakeGame.requests in self._opener.fails_at and self._opener.fault is not None:
            raise self._opener.fault

    def _end(self, agent: int) -> EndedAgent:
        value = float(self._return[agent])
        metrics = dict(
            zip(METRICS, (self._episode[self._arena[agent]], value, self._age[agent], value > 0, value), strict=True)
        )
        return EndedAgent(int(agent), self._seen(agent), {name: float(number) for name, number in metrics.items()})

    def _seen(self, agent: int) -> np.ndarray:
        """What an agent sees is a fixed function of seed, episode, agent and age."""
        size = self.spec.groups[self._group[agent]].layout.obs_dim
        key = (
            self._seed % 1009 * 7 + int(self._episode[self._arena[agent]]) * 131 + agent * 17 + int(self._age[agent])
        ) % 1009
        return np.sin(key * (1.0 + np.arange(size))).astype(np.float32)

    def _result(
        self, rewards: np.ndarray, terminated: np.ndarray, truncated: np.ndarray, ended: tuple[EndedAgent, ...]
    ) -> StepResult:
        seen = [self._seen(i) if self._active[i] else 0.0 * self._seen(i) for i in range(len(rewards))]
        observations = []
        for g in range(len(self.spec.groups)):
            observations.append(np.stack([seen[i] for i in range(len(rewards)) if self._group[i] == g]))
        return StepResult(
            tuple(observations), rewards.astype(np.float32), terminated, truncated, self._active.copy(), ended
        )


def make_launch(**changes: Any) -> GameLaunch:
    return replace(GameLaunch(scenario="fake"), **changes)
