"""What a worker reports of an episode that it has played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.playtest.sighting import Sighting


@dataclass(frozen=True, slots=True)
class Entry:
    """What counts of an episode in the report: a line of the playtest's journal."""

    number: int
    player: str
    decisions: int
    scene: str = ""
    reporting: Mapping[str, int] = field(default_factory=dict)  # by policy: agents that report success
    succeeded: Mapping[str, int] = field(default_factory=dict)  # by policy: agents that succeeded
    cells: tuple[str, ...] = ()  # of the map, where agents were
    width: float = 1.0  # of a cell
    found: tuple[str, ...] = ()  # names of the findings that were seen in it

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Entry:
        """Read an entry from plain data, of which other keys are ignored. Raises KeyError, TypeError or ValueError."""
        return cls(
            number=int(data["number"]),
            player=str(data["player"]),
            decisions=int(data["decisions"]),
            scene=str(data["scene"]),
            reporting={str(policy): int(count) for policy, count in data["reporting"].items()},
            succeeded={str(policy): int(count) for policy, count in data["succeeded"].items()},
            cells=tuple(map(str, data["cells"])),
            width=float(data["width"]),
            found=tuple(map(str, data["found"])),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An episode that was played. The recording is only there if something was sighted."""

    entry: Entry
    sightings: tuple[Sighting, ...] = ()
    episode: Episode | None = None
    log: str = ""  # the game's fault and the end of its log
    around: Mapping[str, Any] | None = None  # what stands in the scene, in the first episode of a worker in it
    problems: tuple[str, ...] = ()  # oracles of the user's own that failed, and are left out from now on
