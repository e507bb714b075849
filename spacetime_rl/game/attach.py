"""A game that a person starts: borrowed from the door that waits for it, and given back when it was played."""

from __future__ import annotations

import functools
import hmac
import logging
import os
import secrets
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacetime_rl.errors import ContractError, ProtocolError
from spacetime_rl.game.api import Game
from spacetime_rl.game.attach_door import LOOPBACK, Attach, AttachDoor, Loan
from spacetime_rl.game.launch import GameLaunch, options_over_the_wire
from spacetime_rl.game.log import GameLog
from spacetime_rl.game.wire import WIRE, JsonSocket

TOKEN_VARIABLE = "SPACETIME_RL_ATTACH_TOKEN"
SILENT_S = 3.0  # after which a program that has not answered gives way to another one
NO_LIMIT_S = 2e6  # for a step: a debugger may hold the game for as long as its user likes; poll() takes no more
_LOOK_S = 0.25

_log = logging.getLogger(__name__)


class AttachedGame:
    """Stands where a started game has its process (`GameProcess`): here is no log to read and nothing to kill."""

    pid = 0

    def __init__(self, loan: Loan, info: dict[str, Any]) -> None:
        self._loan, self._info = loan, info
        self.log_path = Path(os.devnull)
        self.log = GameLog(self.log_path)

    def wait(self, timeout_s: float) -> bool:  # noqa: ARG002
        """There is nothing to wait for."""
        return True

    def exit_code(self) -> int | None:
        """Unknown."""
        return None

    def ending(self, patience_s: float = 2.0, told: bool = False) -> str:  # noqa: ARG002
        """What is known of the game's end, in words."""
        return "you started the game, so its output is where you started it"

    def quote_log(self) -> str:
        """Nothing: the log is not here."""
        return ""

    def keep(self) -> None:
        """Let the next one who plays go on with this connection, as a stock game cannot connect twice."""
        self._loan.keep(self._info)

    def kill(self) -> None:
        """Give the connection back."""
        self._loan.close()


def open_door(attach: Attach, say: Callable[[str], None], stopped: Callable[[], bool]) -> AttachDoor:
    """Begin to wait for games. From another machine they need a token: $SPACETIME_RL_ATTACH_TOKEN, or a new one."""
    token = os.environ.get(TOKEN_VARIABLE) or (None if attach.is_local else secrets.token_hex(16))
    return AttachDoor(attach, token, say, stopped)


def borrow(launch: GameLaunch, make: Callable[[AttachedGame, JsonSocket, dict[str, Any]], Game]) -> Game:
    """Wait for a game, shake hands with it, and let `make` wrap it. Others that connect are turned away.

    Where no process of this run waits for games, this one begins to. Raises NoGameCame where the command was stopped,
    ContractError where the game refuses the launch's settings, and the errors of `AttachDoor` and `make`.
    """
    assert launch.attach is not None
    while True:
        try:
            loan = Loan.request(launch.attach)
        except (FileNotFoundError, ConnectionRefusedError):
            _own_door(launch.attach)
            continue
        try:
            connection = JsonSocket(loan.game)
            info = loan.info or _shake_hands(loan, connection, launch)
            return make(AttachedGame(loan, info), connection, info)
        except _StrangerError as stranger:
            loan.close()
            _log.warning("game.attach: closed a connection from %s: %s", loan.peer, stranger)
        except BaseException:
            loan.close()
            raise


@functools.cache
def _own_door(attach: Attach) -> AttachDoor:
    return open_door(attach, _log.warning, lambda: False)


class _StrangerError(Exception):
    """Who connected is not a game that may play here; the message says why."""


def _shake_hands(loan: Loan, connection: JsonSocket, launch: GameLaunch) -> dict[str, Any]:
    """The game's `env_info`. Raises _StrangerError, and ContractError where the game refuses the launch's settings."""
    deadline = time.monotonic() + launch.launch_timeout_s
    try:
        for message in _greeting(launch):
            connection.send(message, deadline)
        _wait_for_word(loan, launch.launch_timeout_s)
        info = connection.receive(min(deadline, time.monotonic() + SILENT_S))
    except TimeoutError:
        raise _StrangerError("its answer broke off") from None
    except (OSError, ProtocolError) as error:
        raise _StrangerError(str(error)) from error
    if info["type"] == "error":
        raise ContractError([f"{launch.title}: the game refuses to start: {info.get('message')}"])
    if info["type"] != "env_info":
        raise _StrangerError(f"it answered {info['type']!r} instead of 'env_info'")
    if info.get("wire") not in (None, WIRE):
        raise _StrangerError(f"it uses wire {info['wire']!r}, this client {WIRE!r}; copy the addon again")
    if not _may_play(loan, info):
        raise _StrangerError("it has the wrong --token, or none")
    return info


def _wait_for_word(loan: Loan, timeout_s: float) -> None:
    """Return once the game answers, or is gone. A game may take its time, if nobody else waits for its place."""
    began = time.monotonic()
    while not select.select([loan.game], [], [], _LOOK_S)[0]:
        waited_s = time.monotonic() - began
        if waited_s > timeout_s:
            raise _StrangerError(f"no answer within {timeout_s:g} s (game.launch_timeout_s)")
        if waited_s > SILENT_S and loan.others_wait():
            raise _StrangerError(f"no answer within {SILENT_S:g} s, and another program has connected")


def _greeting(launch: GameLaunch) -> tuple[dict[str, Any], ...]:
    version = {"major_version": "0", "minor_version": "7"}
    return (
        {"type": "handshake", **version, "wire": WIRE, "options": options_over_the_wire(launch)},
        {"type": "env_info"},
    )


def _may_play(loan: Loan, info: dict[str, Any]) -> bool:
    """On this machine a game needs no token, as nothing was there to give it one; a wrong one is refused."""
    token = str(info.get("token") or "")
    if not token or loan.token is None:
        return loan.peer == LOOPBACK and loan.token is None
    return hmac.compare_digest(token.encode(), loan.token.encode())
