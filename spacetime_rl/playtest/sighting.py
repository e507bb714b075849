"""What an oracle reports of an episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.errors import GameError

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something wrong in an episode. Two sightings with the same `key` are the same finding."""

    oracle: str
    key: str
    severity: Severity
    message: str
    decision: int  # decisions that were over when it was seen
    agent: str = ""  # empty if it concerns the whole game


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """An episode that was played. If a `fault` ended it, the episode is as it stood before, with the last actions."""

    episode: Episode
    fault: GameError | None = None
    log: str = ""  # the end of the game's log, if there was a fault
