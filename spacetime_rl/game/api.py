"""The interface of a running game that the rest of the package uses, whichever protocol the game speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import NOTHING, Recording, Trace

TASK = "task"  # the metric that holds the number of the episode's task, in a game with several tasks


@dataclass(frozen=True, slots=True)
class EndedAgent:
    """An agent whose episode ended in this step."""

    agent: int  # in the global order
    final_observation: NDArray[np.float32]  # [obs_dim], a copy
    # Names as in the group's `metrics`; in a game with tasks, only the metrics of the episode's task.
    metrics: dict[str, float]


@dataclass(slots=True)
class StepResult:
    """One decision of all N agents. Every array is a view that the next call overwrites.

    `observations[g]` is float32 [n_g, obs_dim_g] of group g. The other arrays have one entry per agent, in the global
    order. An agent acts in the next step if it is `active`. For an agent whose episode ended, `observations` holds the
    first observation of its next episode (zeros while it waits for its arena), and `ended` holds the last observation
    of the old episode.
    """

    observations: tuple[NDArray[np.float32], ...]
    rewards: NDArray[np.float32]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    active: NDArray[np.bool_]
    ended: tuple[EndedAgent, ...]


@dataclass(frozen=True, slots=True)
class EngineReport:
    """What a game did while it ran by itself, and how many seconds that took."""

    decisions: int
    ticks: int
    busy_s: float
    sections: Mapping[str, float]  # seconds by part of the work; empty unless profiling was requested


@dataclass(slots=True)
class Timing:
    """How the time of all steps and resets divides between game and wire, in seconds."""

    steps: int = 0
    game_s: float = 0.0  # the caller waited while the game worked
    wire_s: float = 0.0  # sending, receiving, and waiting while neither side worked

    def add(self, elapsed_s: float, waited_s: float, game_s: float) -> None:
        """Count one request that was answered after `elapsed_s` seconds.

        In this time the caller waited for `waited_s` seconds, and the game worked for `game_s` seconds.
        """
        wire_s = min(waited_s, max(0.0, elapsed_s - game_s))
        self.steps += 1
        self.game_s += waited_s - wire_s
        self.wire_s += wire_s


class Game(Protocol):
    """A running game. A fault kills its whole process group and raises a GameError that quotes the end of its log."""

    spec: GameSpec
    timing: Timing
    log_path: Path
    pid: int
    exit_fault: str  # after `close`: `exit_crash:SIGSEGV` if the game crashed although all was over; else empty

    @property
    def script_errors(self) -> int:
        """Number of script errors in the game's log so far."""

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """Begin a new episode in every arena.

        With a `seed`, arena i plays episode number `first_episode + i` first, and then every `stride`-th number
        (default: the number of arenas). Without a `seed`, the seed stays and the episode numbers continue.
        """

    def step(self, actions: Sequence[NDArray[np.float32]]) -> StepResult:
        """Let every active agent act: `send`, then `receive`."""

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Begin a step with one float32 array [n_g, action_size_g] per group. Returns while the game works.

        Numbers outside [-1, 1] are clipped. Raises ActionError, and leaves the game as it is, when an action has the
        wrong shape, is not finite, or is a choice that does not exist. Raises UsageError before the first reset. With
        the launch's `nan_asks_script`, the game's script acts for agents whose action is NaN throughout.
        """

    def receive(self) -> StepResult:
        """Wait for the step that `send` began. The arrays of the previous result are valid until then."""

    def configure(self, params: Mapping[str, Any]) -> None:
        """Change scenario parameters from each arena's next episode on. Raises ContractError if the game refuses."""

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[Trace, ...]:
        """The recorded episodes that ended since the last call. Those of a stock game have neither places nor hashes.

        With `unfinished`, also those that go on, as they stand. From now on the game records what `recording` says.
        """

    def close(self) -> None:
        """End the game. Further calls do nothing."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
