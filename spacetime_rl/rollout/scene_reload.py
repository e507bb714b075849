"""Loads a game's scene anew while it is trained, through the game's HTTP API."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from spacetime_rl.errors import GameApiError
from spacetime_rl.game.http_api import read_announcement

if TYPE_CHECKING:
    from spacetime_rl.client import GameApi

_log = logging.getLogger(__name__)
_FIRST = 1 << 16  # bytes of a log in which a game says where it listens


class SceneReload:
    """Asks one game to load its scene anew after every `every` agent steps, between two fragments.

    The game does so after its next decision, in which all of its episodes are truncated. `url` and `token` are those
    of the game; a game that this program starts says them in its log.
    """

    def __init__(self, every: int, url: str | None, token: str | None) -> None:
        self._every, self._url, self._token = every, url, token
        self._steps = 0
        self._api: GameApi | None = None

    def begin(self, log: Path) -> None:
        """Another game is played from now on."""
        self.end()
        self._steps = 0
        self._api = _api_of(self._url, self._token, log)

    def note(self, agent_steps: int) -> None:
        """Count agent steps that were played."""
        self._steps += agent_steps

    def reload_if_due(self) -> None:
        """Ask the game, if it is time. A game that does not answer is reported, and plays on."""
        if self._api is None or self._steps < self._every:
            return
        self._steps %= self._every
        try:
            self._api.reload_scene(wait=False)
        except GameApiError as error:
            _log.warning("game.reload_scene_every: %s", error)

    def end(self) -> None:
        """The game has ended."""
        if self._api is not None:
            self._api.close()
        self._api = None


def _api_of(url: str | None, token: str | None, log: Path) -> GameApi | None:
    from spacetime_rl.client import GameApi  # few runs need it, and it takes a part of a second

    if url is not None:
        return GameApi(url, token)
    with log.open(encoding="utf-8", errors="replace") as lines:
        found = read_announcement(lines.read(_FIRST))
    if found is None:
        _log.warning("game.reload_scene_every: the game has no HTTP server; its log says why: %s", log)
        return None
    return GameApi(*found)
