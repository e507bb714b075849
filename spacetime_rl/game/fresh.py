"""A game that is started anew for every episode, so that nothing of one is left in the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import UsageError
from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.trace import NOTHING, Recording, Trace


class FreshGame:
    """An `api.Game` that closes its game at every reset and starts another, which begins with the episode's number."""

    def __init__(self, launch: GameLaunch, start: Callable[[GameLaunch], Game]) -> None:
        self._launch = launch
        self._start = start
        self._recording = NOTHING
        self.exit_fault = ""
        self._seed, self._number, self._stride = launch.seed, 0, 1
        self._has_begun = self._is_over = False
        self._take(start(launch))

    @property
    def script_errors(self) -> int:
        """Number of script errors in the present game's log."""
        return self._game.script_errors

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """Begin an episode in a game of its own, as `api.Game.reset` specifies. Raises GameError at its start."""
        number = first_episode if seed is not None else self._number + self._stride * self._has_begun
        wanted = (self._seed if seed is None else seed, number)
        if self._has_begun or wanted != (self._seed, self._number):
            self._seed, self._number = wanted
            self._restart()
        self._stride = self._stride if stride is None else stride
        self._has_begun, self._is_over = True, False
        return self._game.reset(self._seed, self._number, self._stride)

    def _restart(self) -> None:
        self.close()
        numbered = (*self._launch.extra_args, f"--first_episode={self._number}")
        self._take(self._start(replace(self._launch, seed=self._seed, extra_args=numbered)))
        self._game.traces(self._recording)

    def _take(self, game: Game) -> None:
        self._game = game
        self.spec, self.timing, self.log_path, self.pid = game.spec, game.timing, game.log_path, game.pid

    def step(self, actions: Sequence[NDArray[np.float32]]) -> StepResult:
        """Let the agent act: `send`, then `receive`."""
        self.send(actions)
        return self.receive()

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Begin a step. Raises UsageError if the episode is over."""
        if self._is_over:
            raise UsageError(
                f"{self._launch.title}: an unchanged project plays one episode after a reset; `playtest` and `replay` "
                "can use it, training and evaluation can not"
            )
        self._game.send(actions)

    def receive(self) -> StepResult:
        """Wait for the step's result."""
        result = self._game.receive()
        self._is_over = bool(result.ended)
        return result

    def configure(self, params: Mapping[str, Any]) -> None:
        """An unchanged game has no parameters. Raises ContractError if there are any."""
        self._game.configure(params)

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[Trace, ...]:
        """The recorded episodes of the present game; later ones are recorded, too."""
        self._recording = recording
        return self._game.traces(recording, unfinished)

    def close(self) -> None:
        """End the game. `exit_fault` is that of the last game that crashed while it exited."""
        self._game.close()
        self.exit_fault = self._game.exit_fault or self.exit_fault

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
