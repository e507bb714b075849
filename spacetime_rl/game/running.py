"""What every running game has in common: its process, its faults, its end."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ActionError, GameClosed, GameDied, GameError, StepTimeout
from spacetime_rl.game.api import StepResult, Timing
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.spec import GameSpec

_CLOSE_GRACE_S = 2.0


class RunningGame:
    """Base of the clients; see `api.Game`."""

    def __init__(self, launch: GameLaunch, process: GameProcess, spec: GameSpec) -> None:
        self.spec = spec
        self.timing = Timing()
        self.log_path = process.log_path
        self.pid = process.pid
        self._title = launch.title
        self._timeout_s = launch.step_timeout_s
        self._process = process
        self._closed = False
        self._action_shapes = tuple(
            (spec.group_size(g), group.layout.action_size) for g, group in enumerate(spec.groups)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def step(self, actions: Sequence[NDArray[np.float32]]) -> StepResult:
        """See `api.Game.step`."""
        self.send(actions)
        return self.receive()

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """See `api.Game.send`."""
        raise NotImplementedError

    def receive(self) -> StepResult:
        """See `api.Game.receive`."""
        raise NotImplementedError

    def close(self) -> None:
        """Ask the game to end, and end it."""
        if self._closed:
            return
        self._closed = True
        try:
            self._say_goodbye()
            self._process.wait(_CLOSE_GRACE_S)
        except OSError:
            pass  # it is gone already
        finally:
            self._hang_up()
            self._process.kill()

    def _say_goodbye(self) -> None:
        raise NotImplementedError

    def _hang_up(self) -> None:
        raise NotImplementedError

    def _check_actions(self, actions: Sequence[NDArray[np.float32]]) -> None:
        for g, (action, shape) in enumerate(zip(actions, self._action_shapes, strict=True)):
            if action.shape != shape:
                raise ValueError(f"actions of shape {action.shape} where {shape} are expected")
            if not np.isfinite(action).all():
                row = int(np.flatnonzero(~np.isfinite(action).all(axis=1))[0])
                agent = self.spec.agent_ids[self.spec.group_slice(g).start + row]
                raise ActionError(f"{self._title}: the action chosen for agent {agent} is not finite: {action[row]}")

    def _require_open(self) -> None:
        if self._closed:
            raise GameDied(f"{self._title}: the game is closed")

    def _kill(self) -> None:
        self._closed = True
        self._hang_up()
        self._process.kill()

    def _failed(self, request: str, error: OSError | GameError) -> GameError:
        """Kill the game after `error`; the error to raise says what happened at `request`, with the log's tail."""
        kind, what = self._explain(request, error)
        report = f"{self._title}: {what}; its log ends:\n{self._process.log_tail()}"
        self._kill()
        return kind(report)

    def _explain(self, request: str, error: OSError | GameError) -> tuple[type[GameError], str]:
        if isinstance(error, TimeoutError):
            state = self._process.ending(patience_s=0.0)
            return StepTimeout, f"no answer to {request} within {self._timeout_s:g} s ({state})"
        if isinstance(error, OSError):
            ending = self._process.ending()
            kind = GameClosed if self._process.exit_code() == 0 else GameDied
            return kind, f"the connection ended at {request} ({ending})"
        if isinstance(error, GameDied):
            return GameDied, f"the game gave up at {request}: {error} ({self._process.ending(told=True)})"
        return type(error), f"bad answer to {request}: {error}"
