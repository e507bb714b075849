"""The process that waits for a game that a person starts, and lends its connection to one player after another.

During a run, several processes play one after the other: the main process reads the game's spec, a trial trains, the
main process evaluates. All of them need the one game. The door accepts its connection once, and hands the descriptor
over a Unix socket that belongs to this user.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import tempfile
import threading
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from spacetime_rl.errors import LaunchError, NoGameCame, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.wire import JsonSocket

LOOPBACK = "127.0.0.1"
KEEP = b"keep"  # begins the message of a borrower that returns a connection which can be used again
_OTHERS, _YES, _NO = b"others", b"yes", b"no"  # a borrower's question whether another program waits, and the answers

_MAX_MESSAGE = 1 << 20
_POLL_S = 0.25  # between two looks whether the command was stopped
_REMIND_S = 30.0
_CLOSE = {"type": "close"}  # to a stock game, which ends then


@dataclass(frozen=True, slots=True)
class Attach:
    """Where a game that a person starts connects to: a TCP port of this machine, from 1024, and the address."""

    port: int = 11008  # that of Godot RL Agents' plugin
    address: str = LOOPBACK

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can connect."""
        return self.address == LOOPBACK

    @property
    def place(self) -> Path:
        """The Unix socket over which connections are lent."""
        user = zlib.crc32(str(Path.home()).encode())
        return Path(tempfile.gettempdir()) / f"attach-{user:08x}-{self.port}.spacetime-rl.sock"


class AttachDoor:
    """Listens from its making until `close`, in a thread of its own.

    `say` receives a sentence for the user whenever the waiting begins, goes on and ends. `stopped` is asked whether the
    command was stopped; a borrower that waits then gets NoGameCame. `token` is what games from another machine have to
    send. Raises LaunchError where the port is in use, and UsageError for an address that is not this machine's.
    """

    def __init__(
        self,
        attach: Attach,
        token: str | None,
        say: Callable[[str], None],
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._attach, self._token, self._say, self._stopped = attach, token, say, stopped
        self._games = _listen(attach)
        self._kept: tuple[socket.socket, dict[str, Any]] | None = None
        self._closing = threading.Event()
        try:
            self._borrowers = _listen_for_borrowers(attach.place)
        except OSError as error:
            self._games.close()
            raise LaunchError(f"game.attach: cannot make {attach.place}: {error.strerror}") from error
        self._thread = threading.Thread(target=self._serve, name="attach", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Stop waiting. A stock game that is still connected ends; one with our addon plays by itself."""
        self._closing.set()
        self._thread.join()
        for sock in (self._games, self._borrowers):
            sock.close()
        self._attach.place.unlink(missing_ok=True)
        if self._kept is not None:
            with contextlib.suppress(OSError):
                JsonSocket(self._kept[0]).send(_CLOSE, time.monotonic() + 1.0)
            self._kept[0].close()

    def _serve(self) -> None:
        while not self._closing.is_set():
            if not _readable(self._borrowers):
                continue
            borrower, _ = self._borrowers.accept()
            with borrower, contextlib.suppress(OSError):  # a borrower that dies changes nothing for the next one
                self._lend(borrower)

    def _lend(self, borrower: socket.socket) -> None:
        game, info = self._kept or (self._wait(borrower), None)
        self._kept = None
        if game is None:
            return
        try:
            peer = game.getpeername()[0]
        except OSError:  # it has gone already
            peer = "a program that has gone"
        told = {"peer": peer, "token": self._token, "info": info}
        socket.send_fds(borrower, [to_json(told).encode()], [game.fileno()])
        returned = self._until_returned(borrower)
        if returned.startswith(KEEP):
            self._kept = (game, json.loads(returned[len(KEEP) :]))
        else:
            game.close()

    def _until_returned(self, borrower: socket.socket) -> bytes:
        """What a borrower says as it gives a connection back; empty where it says nothing."""
        while not self._closing.is_set():
            if not _readable(borrower):
                continue
            try:
                returned = borrower.recv(_MAX_MESSAGE)
                if returned != _OTHERS:
                    return returned
                borrower.sendall(_YES if _readable(self._games, 0.0) else _NO)
            except OSError:
                break
        return b""

    def _wait(self, borrower: socket.socket) -> socket.socket | None:
        """The next game that connects; None where the borrower has gone, or nobody may wait any longer."""
        began = reminded = time.monotonic()
        waiting = _readable(self._games, 0.0)  # a game that looks for a training again is there already
        if not waiting:
            self._say(how_to_start(self._attach, self._token))
        while not self._closing.is_set():
            ready, _, _ = select.select([self._games, borrower], [], [], _POLL_S)
            if borrower in ready:  # it closed
                return None
            if self._games in ready:
                game, (host, *_) = self._games.accept()
                game.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if not waiting:
                    self._say(f"a game has connected{'' if self._attach.is_local else f' from {host}'}")
                return game
            if self._stopped():
                break
            if time.monotonic() - reminded >= _REMIND_S:
                reminded = time.monotonic()
                self._say(f"no game has connected for {reminded - began:.0f} s; Ctrl-C stops the command")
        borrower.sendall(to_json({"stopped": True}).encode())
        return None


@dataclass(slots=True)
class Loan:
    """A game's connection, as long as it is borrowed; `info` is what a stock game said of itself to the one before."""

    game: socket.socket
    peer: str  # the address of the machine that it runs on
    token: str | None
    info: dict[str, Any] | None
    _door: socket.socket

    @classmethod
    def request(cls, attach: Attach) -> Loan:
        """Wait for a game. Raises NoGameCame where the command was stopped, and ConnectionError without a door."""
        door = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fds: list[int] = []
        try:
            door.connect(str(attach.place))
            message, fds, _, _ = socket.recv_fds(door, _MAX_MESSAGE, 1)
            if not fds:
                stopped = bool(message)
                raise NoGameCame(
                    f"no game came to port {attach.port}: the {'command was stopped' if stopped else 'door closed'}"
                )
            told = json.loads(message)
            return cls(socket.socket(fileno=fds.pop()), told["peer"], told["token"], told["info"], door)
        except BaseException:
            door.close()
            for fd in fds:
                os.close(fd)
            raise

    def others_wait(self) -> bool:
        """Whether another program has connected meanwhile, and waits for its turn."""
        try:
            self._door.sendall(_OTHERS)
            return self._door.recv(_MAX_MESSAGE) == _YES
        except OSError:
            return False

    def keep(self, info: dict[str, Any]) -> None:
        """Give the connection back so that the next borrower goes on with it."""
        with contextlib.suppress(OSError):
            self._door.sendall(KEEP + to_json(info).encode())

    def close(self) -> None:
        """Give the connection back. Unless it was kept, it ends."""
        self.game.close()
        self._door.close()


def how_to_start(attach: Attach, token: str | None) -> str:
    """What a person does so that a game connects."""
    place = f"{attach.address}:{attach.port}"
    if attach.is_local and attach.port == Attach().port:
        how = "press F5 in the Godot editor, or start the game with `-- --attach`"
    elif attach.is_local:
        how = (
            f"start the game with `-- --attach={attach.port}`; for F5, set the project setting spacetime_rl/attach_port"
        )
    else:
        how = f"start it with `-- --attach={attach.port} --host=THIS_MACHINE --token={token}`"
    return f"waiting on {place} for a game that you start: {how}"


def _listen(attach: Attach) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((attach.address, attach.port))
        listener.listen()
    except OSError as error:
        listener.close()
        where = f"{attach.address}:{attach.port}"
        if isinstance(error, socket.gaierror) or error.errno == 99:  # EADDRNOTAVAIL
            raise UsageError(f"game.attach_address: {attach.address} is no address of this machine") from error
        raise LaunchError(
            f"game.attach: cannot listen on {where}: {error.strerror}; does another training wait there? "
            "Choose another port, as in `--attach 11009`"
        ) from error
    return listener


def _listen_for_borrowers(place: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        place.unlink(missing_ok=True)  # of a process that was killed: the port is ours by now
        before = os.umask(0o177)
        try:
            listener.bind(str(place))
        finally:
            os.umask(before)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def _readable(sock: socket.socket, timeout_s: float = _POLL_S) -> bool:
    return bool(select.select([sock], [], [], timeout_s)[0])
