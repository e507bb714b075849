"""The part that all game clients share: process, faults, warnings, closing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import (
    ActionError,
    GameClosed,
    GameDied,
    GameError,
    ObservationError,
    ScriptError,
    StepTimeout,
    UsageError,
)
from spacetime_rl.game.action_check import ActionCheck
from spacetime_rl.game.api import StepResult, Timing
from spacetime_rl.game.attach import AttachedGame
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.log import ErrorCount
from spacetime_rl.game.process import GameProcess, signal_name
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.notices import counted

_log = logging.getLogger(__name__)

_CLOSE_GRACE_S = 2.0
_SEEDS = 2**63  # number of valid seeds: they are sent as signed 64-bit integers, and -1 keeps the last one
_MANY_ERRORS = 100  # errors of the engine: a few of them are normal


class RunningGame:
    """Base of the two clients; implements the parts of `api.Game` that do not depend on the wire protocol."""

    def __init__(self, launch: GameLaunch, process: GameProcess | AttachedGame, spec: GameSpec) -> None:
        self.spec = spec
        self.timing = Timing()
        self.log_path = process.log_path
        self.pid = process.pid
        self._title = launch.title
        self._timeout_s = launch.step_timeout_s
        self._process = process
        self._closed = False
        self.exit_fault = ""
        self._has_begun = self._has_clipped = False
        self._checks = tuple(
            ActionCheck(spec.group_size(g), group.layout, launch.nan_asks_script) for g, group in enumerate(spec.groups)
        )
        self._ends_on_script_error = launch.end_on_script_error
        self._passes_errors = launch.unchanged is not None  # a playtest reports them as findings
        self._reported = {"script": 0, "engine": 0}  # number of errors in the game's log at the last warning

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def script_errors(self) -> int:
        """Number of script errors in the game's log so far."""
        return self._process.log.script_errors.count

    def step(self, actions: Sequence[NDArray[np.float32]]) -> StepResult:
        """Let every active agent act: `send`, then `receive`."""
        self.send(actions)
        return self.receive()

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Begin a step, as `api.Game.send` specifies."""
        raise NotImplementedError

    def receive(self) -> StepResult:
        """Wait for the result of the step, as `api.Game.receive` specifies."""
        raise NotImplementedError

    def close(self) -> None:
        """Ask the game to end, wait for it for up to 2 s, and kill it."""
        if self._closed:
            return
        self._closed = True
        try:
            self._say_goodbye()
            self._process.wait(_CLOSE_GRACE_S)
            self._process.log.poll()
            self._warn_of_errors(at_end=True)
            code = self._process.exit_code()
            self.exit_fault = f"exit_crash:{signal_name(-code)}" if code is not None and code < 0 else ""
        except OSError:
            pass  # the game has ended already
        finally:
            self._hang_up()
            self._process.kill()

    def _say_goodbye(self) -> None:
        raise NotImplementedError

    def _hang_up(self) -> None:
        raise NotImplementedError

    def _checked(self, actions: Sequence[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        """The actions as the game accepts them: numbers outside [-1, 1] are clipped.

        Raises ActionError, or UsageError before the first reset.
        """
        if not self._has_begun:
            raise UsageError(f"{self._title}: step before reset: there is no episode to act in; call reset first")
        if len(actions) != len(self._checks):
            raise ActionError(f"{self._title}: {len(actions)} arrays of actions for the {len(self._checks)} policies")
        return [
            self._accept(check, g, action) for g, (check, action) in enumerate(zip(self._checks, actions, strict=True))
        ]

    def _accept(self, check: ActionCheck, group: int, action: NDArray[np.float32]) -> NDArray[np.float32]:
        if check.accepts(action):
            return action
        first = self.spec.group_slice(group).start
        mistake = check.mistake_in(action)
        if mistake is not None:
            who = f"agent {self.spec.agent_ids[first + mistake.row]}" if mistake.row is not None else "the agents"
            raise ActionError(f"{self._title}: the action of {who}: {mistake.what}")
        if not self._has_clipped:
            self._has_clipped = True
            _log.warning("%s: actions outside [-1, 1] are clipped, such as %g", self._title, check.farthest(action))
        return check.clip(action)

    def _begin(self, seed: int | None) -> None:
        """Prepare a reset. Raises UsageError for an invalid seed."""
        if seed is not None and not (isinstance(seed, (int, np.integer)) and 0 <= seed < _SEEDS):
            raise UsageError(f"{self._title}: reset: expected a seed from 0 to {_SEEDS - 1}, found {seed!r}")
        self._has_begun = True

    def _refuse_script_errors(self) -> None:
        """Raises ScriptError for the first script error in the game's log, if the launch has `end_on_script_error`."""
        log = self._process.log
        if self._ends_on_script_error:
            log.poll()
            if log.script_errors.count:
                raise ScriptError(log.script_errors.first)

    def _warn_of_errors(self, at_end: bool = False) -> None:
        """Warn of errors in the log: at the first, each time their number has doubled, and at the end."""
        if self._passes_errors:
            return
        log = self._process.log
        for kind, errors, least in (("script", log.script_errors, 1), ("engine", log.engine_errors, _MANY_ERRORS)):
            known = self._reported[kind]
            if errors.count >= max(least, 2 * known) or (at_end and errors.count > known > 0):
                self._report_errors(kind, errors)

    def _report_errors(self, kind: str, errors: ErrorCount) -> None:
        new = errors.count - self._reported[kind]
        self._reported[kind] = errors.count
        text = f"{kind} errors in the game's log: {{n}}, the first: {errors.first}"
        _log.warning("%s: %s", self._title, text.format(n=f"{errors.count:,}"), extra=counted(text, new))

    def _require_open(self) -> None:
        if self._closed:
            raise GameDied(f"{self._title}: the game is closed")

    def _kill(self) -> None:
        self._closed = True
        self._hang_up()
        self._process.kill()

    def _failed(self, request: str, error: OSError | GameError) -> GameError:
        """Kill the game and return the error to raise: what happened at `request`, with the end of the log."""
        kind, what = self._explain(request, error)
        failure = kind(f"{self._title}: {what}{self._process.quote_log()}")
        failure.fault = self._fault(error)
        self._kill()
        return failure

    def _fault(self, error: OSError | GameError) -> str:
        """The fault in a few words that depend on its cause alone."""
        if isinstance(error, TimeoutError):
            return "hang"
        if isinstance(error, OSError):
            code = self._process.exit_code()
            return f"exit:{code}" if code is None or code >= 0 else f"crash:{signal_name(-code)}"
        if isinstance(error, GameDied):
            return f"script_error:{str(error).partition(' in ')[0].partition(', ')[0]}"
        if isinstance(error, ObservationError):
            return f"not_finite:{str(error).partition(' of ')[0].removeprefix('observation ')}"
        return "protocol"

    def _explain(self, request: str, error: OSError | GameError) -> tuple[type[GameError], str]:
        if isinstance(error, TimeoutError):
            state = self._process.ending(patience_s=0.0)
            return StepTimeout, f"no answer to {request} within {self._timeout_s:g} s ({state})"
        if isinstance(error, OSError):
            ending = self._process.ending()
            kind = GameClosed if self._process.exit_code() == 0 else GameDied
            return kind, f"the connection ended at {request} ({ending})"
        if isinstance(error, ScriptError):
            return ScriptError, f"a script error at {request}: {error} (game.end_on_script_error)"
        if isinstance(error, GameDied):
            return GameDied, f"the game gave up at {request}: {error} ({self._process.ending(told=True)})"
        return type(error), f"bad answer to {request}: {error}"
