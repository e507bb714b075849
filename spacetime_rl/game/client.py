"""Open any game, and step a game that uses our binary wire protocol."""

from __future__ import annotations

import json
import secrets
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ContractError, GameDied, GameError, HandshakeError, ProtocolError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.api import EndedAgent, EngineReport, Game, StepResult, Timing
from spacetime_rl.game.attach import NO_LIMIT_S, AttachedGame, borrow
from spacetime_rl.game.attached_stock import AttachedStockGame
from spacetime_rl.game.connect import shake_hands
from spacetime_rl.game.declaration import SpecError, required, wrong
from spacetime_rl.game.display import Render, choose_renderer
from spacetime_rl.game.fresh import FreshGame
from spacetime_rl.game.launch import GameLaunch, listen, start
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.running import RunningGame
from spacetime_rl.game.silent import why_silent
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.state import StateReader, state_bytes
from spacetime_rl.game.step_log import Buffers, StepLog
from spacetime_rl.game.stock import StockGame
from spacetime_rl.game.trace import NOTHING, Recording, Trace
from spacetime_rl.game.trace_answer import read_answer
from spacetime_rl.game.wire import MAX_FRAME_BYTES, WIRE, FrameSocket, JsonSocket, Reply, Request
from spacetime_rl.game.workers import use_batch_scheduling

__all__ = ["EndedAgent", "EngineReport", "Game", "GameClient", "GameLaunch", "StepResult", "Timing", "open_game"]

_Answer = TypeVar("_Answer")
_RESET = struct.Struct("<qII")
_TRACE = struct.Struct("<I")
_TRACE_WITH_FLAGS = struct.Struct("<IB")
_TRACE_OF_SOME = struct.Struct("<IBI")
_OBSERVATIONS, _BODIES, _UNFINISHED, _SHORT = 1, 2, 4, 8
_RUN = struct.Struct("<IB")
_SENSE, _PROFILE = 1, 2
# In a RESET request: keep the seed and continue the numbering of episodes.
_KEEP_SEED = -1
_SMALLEST_BUFFER = 64 * 1024  # an error message of the game must fit, however small its other frames


def open_game(launch: GameLaunch) -> Game:
    """Start a game and complete its handshake.

    With `launch.render` "auto", the game gets a renderer only if its cameras need one. Raises UsageError,
    ContractError, or a GameError that explains the failure and quotes the last lines of the game's log. No process
    remains then.
    """
    if launch.attach is not None:
        return borrow(launch, partial(_make_attached, launch))
    if launch.unchanged is not None:
        return FreshGame(launch, _open)
    if launch.render != "auto" or launch.window or launch.film is not None:
        return _open(launch)
    source = (launch.title, launch.scene)
    if source in _RENDERERS:
        return _open(replace(launch, render=_RENDERERS[source]))
    game = _open(replace(launch, render="none"))
    if not isinstance(game, StockGame) or not any(group.layout.images for group in game.spec.groups):
        return game
    with game:  # this game only tests whether images arrive without a renderer; a fresh one is returned
        _RENDERERS[source] = choose_renderer() if game.lacks_images() else "none"
    return _open(replace(launch, render=_RENDERERS[source]))


# By title and scene, for games that declare images: the renderer they need.
_RENDERERS: dict[tuple[str, str | None], Render] = {}


def _open(launch: GameLaunch) -> Game:
    token = secrets.token_hex(16)
    with listen(launch) as listener:
        process = start(launch, listener.getsockname()[1], token)
        try:
            asked = partial(why_silent, launch)
            connection, info = shake_hands(listener, process, token, launch.launch_timeout_s, launch.title, asked)
            use_batch_scheduling(process.pid)
            if "wire" in info:
                return GameClient(launch, process, connection, info)
            return StockGame(launch, process, connection, info)
        except BaseException:
            process.kill()
            raise


def _make_attached(launch: GameLaunch, game: AttachedGame, connection: JsonSocket, info: Mapping[str, Any]) -> Game:
    launch = replace(launch, step_timeout_s=NO_LIMIT_S)
    if "wire" in info:
        return GameClient(launch, game, connection, info)
    return AttachedStockGame(launch, game, connection, info)


class GameClient(RunningGame):
    """An `api.Game` on the wire protocol spacetime/1. `open_game` makes it."""

    def __init__(
        self, launch: GameLaunch, process: GameProcess | AttachedGame, connection: JsonSocket, info: Mapping[str, Any]
    ) -> None:
        super().__init__(launch, process, _read_spec(launch, info))
        shapes = [check.shape for check in self._checks]
        sizes = [agents * width for agents, width in shapes]
        self._action_bytes = 4 * sum(sizes)
        self._frames = FrameSocket(
            connection.socket,
            send_bytes=max(self._action_bytes, _RESET.size),
            receive_bytes=max(state_bytes(self.spec), _SMALLEST_BUFFER),
        )
        parts = np.split(self._frames.outgoing[: self._action_bytes].view(np.float32), np.cumsum(sizes)[:-1])
        self._actions = tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))
        self._state = StateReader(self.spec, self._frames.incoming)
        buffers = Buffers(self._state.numbers, self._frames.outgoing[: self._action_bytes].view(np.float32))
        self._log = StepLog(self.spec, self.spec.arena_of_agents, buffers)
        # In a window, a person may take over an agent, whose actions we do not know then.
        self._decides_alone = not launch.window and not launch.nan_asks_script
        # The last request; then when it was sent, how long sending took, and when its answer came.
        self._asked = Request.RESET
        self._sent_at = self._sending_s = self._answered_at = 0.0

    def reset(self, seed: int | None = None, first_episode: int = 0, stride: int | None = None) -> StepResult:
        """Begin a new episode in every arena, as `api.Game.reset` specifies."""
        self._begin(seed)
        stride = self.spec.arenas if stride is None else stride
        _RESET.pack_into(self._frames.outgoing.data, 0, _KEEP_SEED if seed is None else seed, first_episode, stride)
        self._send(Request.RESET, _RESET.size)
        state = self._receive_state()
        if seed is not None:
            self._log.renumber(first_episode + np.arange(self.spec.arenas), stride)
        self._log.begin(state)
        return state

    def send(self, actions: Sequence[NDArray[np.float32]]) -> None:
        """Begin a step, as `api.Game.send` specifies."""
        actions = self._checked(actions)
        for view, action in zip(self._actions, actions, strict=True):
            view[...] = action
        self._send(Request.STEP, self._action_bytes)

    def receive(self) -> StepResult:
        """Wait for the result of the step, as `api.Game.receive` specifies."""
        state = self._receive_state()
        self._log.note(self._actions, state)
        return state

    def _receive_state(self) -> StepResult:
        began = time.monotonic()
        result = self._receive(Reply.STATE, self._state.read)
        waited_s = self._answered_at - began
        self.timing.add(self._answered_at - self._sent_at, self._sending_s + waited_s, self._state.busy_s)
        self._warn_of_errors()
        return result

    def configure(self, params: Mapping[str, Any]) -> None:
        """Change scenario parameters, as `api.Game.configure` specifies."""
        self._require_open()
        deadline = time.monotonic() + self._timeout_s
        try:
            self._frames.send_bytes(Request.CONFIGURE, to_json({"params": dict(params)}).encode(), deadline)
            kind, length = self._frames.receive(deadline)
        except (OSError, GameError) as error:
            raise self._failed("CONFIGURE", error) from error
        if kind is Reply.ERROR:
            message = self._text(length)
            self._kill()
            raise ContractError([f"{self._title}: the game refuses the parameters: {message}"])
        if kind is not Reply.OK:
            raise self._failed("CONFIGURE", ProtocolError(f"a {kind.name} frame instead of OK"))

    def traces(self, recording: Recording = NOTHING, unfinished: bool = False) -> tuple[Trace, ...]:
        """The recorded episodes, as `api.Game.traces` specifies. Raises GameDied where the addon is too old."""
        wanted, below = recording, recording.below
        flags = _OBSERVATIONS * wanted.observations + _BODIES * wanted.bodies + _UNFINISHED * unfinished
        if flags & (_OBSERVATIONS | _BODIES) and self._decides_alone:
            flags |= _SHORT
        # No more than is needed, because addons of version 1 refuse a request with flags, and those of 2 a longer one.
        packed = _TRACE.pack(below)
        if wanted.every != 1:
            packed = _TRACE_OF_SOME.pack(below, flags, wanted.every)
        elif flags:
            packed = _TRACE_WITH_FLAGS.pack(below, flags)
        self._frames.outgoing[: len(packed)] = np.frombuffer(packed, np.uint8)
        self._send(Request.TRACE, len(packed))
        try:
            kind, body = self._frames.receive_bytes(self._sent_at + self._timeout_s)
            if kind is not Reply.TRACES:
                raise self._unexpected(kind, body.decode(errors="replace"), Reply.TRACES)
            assert self.spec.physics_hz is not None  # the spec of a game on this wire always holds it
            found = read_answer(body, self.spec.physics_hz, self._log)
            self._log.request(recording if flags & _SHORT else NOTHING)
            return found
        except (OSError, GameError) as error:
            raise self._failed(self._asked.name, error) from error
        except BaseException:
            self._kill()
            raise

    def run_alone(self, decisions: int, *, sense: bool = True, profile: bool = False) -> EngineReport:
        """Let the game play `decisions` decisions by itself with random actions, to measure its speed without a client.

        With `sense` the game reads sensors and computes rewards as in a step. With `profile` it times the sections of
        its work, which itself takes time. Requires a `reset` before; afterwards `reset` or `step` continue. The whole
        run has to fit into the launch's `step_timeout_s`. Raises ValueError or GameError.
        """
        if not 0 < decisions < 1 << 32:  # the request holds a 32-bit number
            raise ValueError(f"a run of {decisions} decisions; at least one is needed")
        _RUN.pack_into(self._frames.outgoing.data, 0, decisions, _SENSE * sense + _PROFILE * profile)
        self._send(Request.RUN, _RUN.size)
        return self._receive(Reply.REPORT, lambda length: _read_report(self._text(length)))

    def _send(self, request: Request, body_bytes: int) -> None:
        self._require_open()
        self._asked, self._sent_at = request, time.monotonic()
        try:
            self._frames.send(request, body_bytes, self._sent_at + self._timeout_s)
        except OSError as error:
            raise self._failed(request.name, error) from error
        except BaseException:
            self._kill()
            raise
        self._sending_s = time.monotonic() - self._sent_at

    def _receive(self, expected: Reply, read: Callable[[int], _Answer]) -> _Answer:
        """The answer to the last request as `read` decodes it; `read` is given the body's length in bytes."""
        self._require_open()
        try:
            kind, length = self._frames.receive(self._sent_at + self._timeout_s)
            self._answered_at = time.monotonic()
            if kind is not expected:
                raise self._unexpected(kind, self._text(length), expected)
            return read(length)
        except (OSError, GameError) as error:
            raise self._failed(self._asked.name, error) from error
        except BaseException:  # interrupted between request and reply: the next reply would answer the wrong request
            self._kill()
            raise

    def _unexpected(self, kind: Reply, text: str, expected: Reply) -> GameError:
        if kind is Reply.ERROR:
            return GameDied(text)
        return ProtocolError(f"a {kind.name} frame instead of {expected.name}")

    def _text(self, length: int) -> str:
        return self._frames.incoming[:length].tobytes().decode(errors="replace")

    def _say_goodbye(self) -> None:
        self._frames.send(Request.CLOSE, 0, time.monotonic() + 1.0)

    def _hang_up(self) -> None:
        self._frames.close()


def _read_spec(launch: GameLaunch, info: Mapping[str, Any]) -> GameSpec:
    try:
        spec = GameSpec.from_dict(required("env_info", info, "spec"))
    except SpecError as error:
        raise HandshakeError(f"{launch.title}: the game's spec is impossible: {error}") from error
    if spec.wire != WIRE:
        raise HandshakeError(f"{launch.title}: the game's spec is impossible: {wrong('wire', spec.wire, repr(WIRE))}")
    if state_bytes(spec) > MAX_FRAME_BYTES:
        raise HandshakeError(
            f"{launch.title}: observations of {spec.num_agents} agents need {state_bytes(spec)} bytes a frame, at most "
            f"{MAX_FRAME_BYTES} are allowed; use fewer arenas or smaller images"
        )
    return spec


def _read_report(text: str) -> EngineReport:
    try:
        values = json.loads(text)
        sections = {str(name): float(seconds) for name, seconds in values["sections"].items()}
        return EngineReport(int(values["decisions"]), int(values["ticks"]), float(values["busy_s"]), sections)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ProtocolError(f"a malformed REPORT: {text[:80]!r}") from error
