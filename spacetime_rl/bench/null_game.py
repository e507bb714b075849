"""A game without an engine that takes hardly any time, so that only the runner around it is measured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.api import EndedAgent, Game, StepResult, Timing
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import ActionField, AgentGroup, GameSpec, ObservationField, PolicyLayout
from spacetime_rl.game.trace import NOTHING, Recording, Trace

_OBSERVATION, _ACTION = 48, 3  # floats, as in the bench scenario
_EPISODE = 200  # decisions
_POOL = 64  # observations that are drawn in advance and repeated
_METRICS = ("episode", "return", "length", "success")


@dataclass(frozen=True, slots=True)
class NullGameOpener:
    """Opens null games of `agents` agents in `arenas` arenas alike; can be the `open` of a RolloutPlan."""

    agents: int
    arenas: int = 1

    @property
    def spec(self) -> GameSpec:
        """The spec: one policy."""
        layout = PolicyLayout(
            (ObservationField("noise", _OBSERVATION),), (), (ActionField("move", "continuous", _ACTION),)
        )
        names = tuple(f"walker_{i}" for i in range(self.agents // self.arenas))
        return GameSpec("null", self.arenas, 90, 1, (AgentGroup("walker", names, layout, _METRICS),))

    def __call__(self, launch: GameLaunch) -> Game:
        """Open a null game; only the launch's seed matters."""
        return NullGame(self.spec, launch.seed)


class NullGame:
    """A `Game` whose observations are noise, drawn once; all agents are truncated at the same time."""

    def __init__(self, spec: GameSpec, seed: int) -> None:
        agents = spec.num_agents
        self.spec = spec
        self.timing = Timing()
        self.log_path = Path(os.devnull)
        self.pid = os.getpid()
        self.exit_fault = ""
        self.script_errors = 0
        self._noise = np.random.default_rng(seed).standard_normal((_POOL, agents, _OBSERVATION)).astype(np.float32)
        self._decisions = 0
        self._now = StepResult(
            observations=(self._noise[0],),
            rewards=np.zeros(agents, np.float32),
            terminated=np.zeros(agents, np.bool_),
            truncated=np.zeros(agents, np.bool_),
            active=np.ones(agents, np.bool_),
            ended=(),
        )

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """Return the first result; the arguments change nothing."""
        del seed, first_episode, stride
        self._decisions = 0
        return self._now

    def step(self, actions: Sequence[NDArray[np.float32]]) -> StepResult:
        """Play one decision, as `send` and `receive` do."""
        self.send(actions)
        return self.receive()

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Ignore the actions: they change nothing."""

    def receive(self) -> StepResult:
        """Return the next result; every `_EPISODE` decisions, the episodes of all agents end."""
        self._decisions += 1
        over = self._decisions % _EPISODE == 0
        now = self._now
        now.observations = (self._noise[self._decisions % _POOL],)
        now.truncated[:] = over
        now.ended = tuple(self._end(agent) for agent in range(self.spec.num_agents)) if over else ()
        return now

    def configure(self, params: Mapping[str, Any]) -> None:
        """Do nothing: there are no parameters."""

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[Trace, ...]:
        """Always empty: agents have no positions."""
        del recording, unfinished
        return ()

    def close(self) -> None:
        """Do nothing: there is no process to end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _end(self, agent: int) -> EndedAgent:
        values = (self._decisions // _EPISODE, 0.0, _EPISODE, 0.0)
        return EndedAgent(agent, self._noise[0, agent], dict(zip(_METRICS, map(float, values), strict=True)))
