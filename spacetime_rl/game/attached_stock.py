"""A stock game that a person started: it cannot connect a second time, so its connection goes on to the next player."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spacetime_rl.game.api import StepResult
from spacetime_rl.game.attach import AttachedGame
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.stock import StockGame
from spacetime_rl.game.wire import JsonSocket


class AttachedStockGame(StockGame):
    """A `StockGame` that `close` does not end, unless it owes an answer."""

    def __init__(self, launch: GameLaunch, game: AttachedGame, connection: JsonSocket, info: Mapping[str, Any]) -> None:
        super().__init__(launch, game, connection, info)
        self._attached = game
        self._owes_answer = False

    def _send(self, request: dict[str, Any], reply_type: str) -> None:
        self._owes_answer = True
        super()._send(request, reply_type)

    def _receive(self) -> StepResult:
        result = super()._receive()
        self._owes_answer = False
        return result

    def _say_goodbye(self) -> None:
        if self._owes_answer:
            return super()._say_goodbye()
        return self._attached.keep()
