"""The handshake with a started game: accept its connection, close others, and read its `env_info`."""

from __future__ import annotations

import hmac
import logging
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

from spacetime_rl.errors import ContractError, HandshakeError, LaunchError, LaunchTimeout, ProtocolError
from spacetime_rl.game.process import SCRIPT_ERROR_CODE, GameProcess
from spacetime_rl.game.wire import WIRE, JsonSocket

_log = logging.getLogger(__name__)

_SYNC_RUNS = "getting command line arguments"  # what the stock plugin's Sync node prints when it begins

# The version is the one of Godot RL Agents 0.7, which stock games expect; they ignore `wire`.
_GREETING: tuple[dict[str, Any], ...] = (
    {"type": "handshake", "major_version": "0", "minor_version": "7", "wire": WIRE},
    {"type": "env_info"},
)


def shake_hands(
    listener: socket.socket,
    process: GameProcess,
    token: str,
    timeout_s: float,
    title: str,
    why_silent: Callable[[], str] = str,
) -> tuple[JsonSocket, dict[str, Any]]:
    """Wait for the game's connection and its `env_info`; `title` names the game in messages.

    `why_silent` is called where the game has not connected; its text is added to the error.

    A game of ours authenticates itself by its token. A stock game has no token; its connection has to belong to the
    started process. Raises LaunchError as soon as the process ends, LaunchTimeout when it has not connected within
    `timeout_s` seconds, HandshakeError or ProtocolError for an invalid `env_info`, and ContractError when the game
    refuses its launch settings.
    """
    with selectors.DefaultSelector() as selector:
        acceptor = _Acceptor(selector, listener, process, token, title, why_silent)
        try:
            return acceptor.wait(timeout_s)
        finally:
            acceptor.close()


class _PendingConnection:
    """A pending connection, not yet authenticated; `ours` if the started process holds its other end."""

    def __init__(self, sock: socket.socket, ours: bool) -> None:
        self.json = JsonSocket(sock)
        self.ours = ours


class _Acceptor:
    def __init__(
        self,
        selector: selectors.BaseSelector,
        listener: socket.socket,
        process: GameProcess,
        token: str,
        title: str,
        why_silent: Callable[[], str],
    ) -> None:
        self._selector = selector
        self._listener = listener
        self._process = process
        self._token = token
        self._title = title
        self._why_silent = why_silent
        self._pending: list[_PendingConnection] = []
        self._game_connected = False

    def wait(self, timeout_s: float) -> tuple[JsonSocket, dict[str, Any]]:
        deadline = time.monotonic() + timeout_s
        ended = False
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._process, selectors.EVENT_READ)
        while True:
            # After the process has ended, messages that it sent before are still read.
            events = self._selector.select(0.0 if ended else max(0.0, deadline - time.monotonic()))
            for key, _ in events:
                if key.fileobj is self._process:
                    ended = True
                    self._selector.unregister(self._process)
                elif key.fileobj is self._listener:
                    self._accept(deadline)
                elif (message := self._read(key.data)) is not None:
                    self._pending.remove(key.data)
                    return key.data.json, message
            if ended and not events:
                raise self._died()
            if not ended and time.monotonic() >= deadline:
                raise self._late(timeout_s)

    def close(self) -> None:
        for pending in self._pending:
            pending.json.socket.close()

    def _accept(self, deadline: float) -> None:
        sock, (_, port) = self._listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pending = _PendingConnection(sock, ours=self._process.owns_port(port))
        self._pending.append(pending)
        self._game_connected |= pending.ours
        self._selector.register(sock, selectors.EVENT_READ, pending)
        try:
            for message in _GREETING:
                pending.json.send(message, deadline)
        except OSError:
            self._close(pending, "it closed the connection")

    def _read(self, pending: _PendingConnection) -> dict[str, Any] | None:
        """The game's `env_info`; None while it is incomplete, or if the peer is not the game."""
        try:
            message = pending.json.pull()
            if message is None:
                return None
            if self._is_authentic(message, pending):
                return message
            self._close(pending, "it did not authenticate itself")
        except OSError:
            self._close(pending, "it closed the connection")
        except ProtocolError as error:
            if pending.ours:
                raise HandshakeError(self._report(f"the game's handshake failed: {error}")) from error
            self._close(pending, str(error))
        return None

    def _is_authentic(self, message: dict[str, Any], pending: _PendingConnection) -> bool:
        if message["type"] == "env_info":
            if "wire" not in message:  # a stock game
                return pending.ours
            token = str(message.get("token"))
            if message["wire"] == WIRE and hmac.compare_digest(token.encode(), self._token.encode()):
                return True
        if pending.ours:
            raise self._refused(message)
        return False

    def _refused(self, message: dict[str, Any]) -> ContractError | LaunchError | HandshakeError:
        if message["type"] == "error":
            return self._refusal(str(message.get("message")))
        if message["type"] != "env_info":
            return HandshakeError(self._report(f"the game answered {message['type']!r} instead of 'env_info'"))
        if message["wire"] != WIRE:
            return HandshakeError(self._report(f"the game uses wire {message['wire']!r}, this client {WIRE!r}"))
        return HandshakeError(self._report("the game gave the wrong token: is another launch's --token passed to it?"))

    def _refusal(self, complaint: str) -> ContractError | LaunchError:
        """The error for a game that reports why it cannot start; its exit code decides which side is at fault."""
        ending = self._process.ending(told=True)
        if self._process.exit_code() == SCRIPT_ERROR_CODE:
            return LaunchError(self._report(f"the game cannot start: {complaint} ({ending})"))
        return ContractError([f"{self._title}: the game refuses to start: {complaint}"])

    def _close(self, pending: _PendingConnection, why: str) -> None:
        whose = "the game" if pending.ours else "an unauthenticated peer"
        _log.warning("%s: closed a connection of %s: %s", self._title, whose, why)
        self._selector.unregister(pending.json.socket)
        self._pending.remove(pending)
        pending.json.socket.close()

    def _died(self) -> LaunchError:
        when = "before it answered the handshake" if self._game_connected else "before it connected"
        return LaunchError(self._report(f"the game ended {when} ({self._process.ending()})"))

    def _late(self, timeout_s: float) -> LaunchTimeout | HandshakeError:
        state = self._process.ending(patience_s=0.0)
        if self._game_connected:
            return HandshakeError(
                self._report(f"the game connected but did not answer the handshake within {timeout_s:g} s ({state})")
            )
        port = self._listener.getsockname()[1]
        what = f"the game did not connect to port {port} within {timeout_s:g} s ({state})"
        return LaunchTimeout(self._report(what + (self._why_silent() or f"; {self._what_to_look_for()}")))

    def _what_to_look_for(self) -> str:
        """Why a game may not connect: the stock plugin's Sync node connects only if an agent is in training mode."""
        if any(_SYNC_RUNS in line for line in self._process.log.lines()):
            return (
                "its Sync node found no agent to train: is an AIController's control mode, or the Sync node's, "
                "Training, and are its scripts in GDScript? C# needs a Godot with .NET"
            )
        return "is there an RLBridge or a Sync node in its scene?"

    def _report(self, what: str) -> str:
        return f"{self._title}: {what}{self._process.quote_log()}"
