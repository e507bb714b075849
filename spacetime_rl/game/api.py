"""What a running game looks like to the rest of the package, whichever protocol it speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import Trace

TASK = "task"  # the metric that holds the number of the episode's task, where a game plays several


@dataclass(frozen=True, slots=True)
class EndedAgent:
    """An agent whose episode ended in this step."""

    agent: int  # in the global order
    final_observation: NDArray[np.float32]  # [obs_dim], a copy
    metrics: dict[str, float]  # names as in the group's `metrics`; with tasks, those that its task measures


@dataclass(slots=True)
class StepResult:
    """One decision of all N agents. Every array is a view that the next call overwrites.

    `observations[g]` is float32 [n_g, obs_dim_g] of group g; the other arrays have one entry per agent in the
    global order. An agent acts in the next step if it is `active`. Of an agent that ended, `observations` holds the
    first observation of its next episode (zeros while it waits for its arena), `ended` the last one of the old.
    """

    observations: tuple[NDArray[np.float32], ...]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    active: NDArray[np.bool_]
    ended: tuple[EndedAgent, ...]


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What a game did by itself, and how long it took it."""

    decisions: int
    ticks: int
    busy_s: float
    sections: Mapping[str, float]  # seconds by part of the work; empty unless profiled


@dataclass(slots=True)
class Timing:
    """Where the waiting time of all steps and resets went, in seconds."""

    steps: int = 0
    game_s: float = 0.0  # waiting while the game worked
    wire_s: float = 0.0  # sending, receiving, and waiting for what neither side works on

    def add(self, elapsed_s: float, waited_s: float, game_s: float) -> None:
        """Count one request that was answered after `elapsed_s`.

        Of this the caller waited `waited_s` and worked otherwise, and the game worked `game_s`.
        """
        wire_s = min(waited_s, max(0.0, elapsed_s - game_s))
        self.steps += 1
        self.game_s += waited_s - wire_s
        self.wire_s += wire_s


class Game(Protocol):
    """A running game. Any fault kills it with its whole process group and raises a GameError with its log's tail."""

    spec: GameSpec
    timing: Timing
    log_path: Path
    pid: int

    @property
    def script_errors(self) -> int:
        """Errors of its scripts in the game's log so far."""

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """Begin a new episode in every arena.

        With a `seed`, arena i plays the episodes `first_episode + i`, then every `stride`-th (default: the number of
        arenas); without one, seed and episode numbers go on from where they are.
        """

    def step(self, actions: Sequence[NDArray[np.float32]]) -> StepResult:
        """Let every active agent act: `send`, then `receive`."""

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Begin a step: one float32 array [n_g, action_size_g] per group. The game works while the caller goes on.

        Numbers outside [-1, 1] are clipped. Raises ActionError, and leaves the game as it is, when an action is of the
        wrong shape, not finite, or a choice that there is not; UsageError before the first reset.
        """

    def receive(self) -> StepResult:
        """Wait for the step that `send` began. The arrays of the last result are valid until then."""

    def configure(self, params: Mapping[str, Any]) -> None:
        """Change scenario parameters, from each arena's next episode on. Raises ContractError if the game refuses."""

    def traces(self, below: int = 0, observations: bool = False) -> tuple[Trace, ...]:
        """The recorded episodes that are over since the last call; a stock game records none.

        From now on those that begin are recorded if their number is less than `below`, with their observations if
        those are asked for, too.
        """

    def close(self) -> None:
        """End the game. May be called again."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
