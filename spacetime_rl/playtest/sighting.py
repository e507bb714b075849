"""An episode that was played, for oracles to look at."""

from __future__ import annotations

from dataclasses import dataclass

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.errors import GameError
from spacetime_rl.game.sighting import Severity, Sighting

__all__ = ["Played", "Severity", "Sighting"]


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """An episode that was played. If a `fault` ended it, the episode is as it stood before, with the last actions."""

    episode: Episode
    fault: GameError | None = None
    log: str = ""  # the end of the game's log, if there was a fault
