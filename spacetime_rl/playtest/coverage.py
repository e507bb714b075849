"""Which map cells players reached, by scene and build; `coverage.json` beside the findings keeps it.

A cell is a square seen from above: cell 0,0 begins where x and z are 0. Its width is a round number for each scene, and
stays what it was when the scene was first played, so that cells of all episodes and builds are the same places.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from spacetime_rl.errors import RecordingError, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.trace import Floats, Trace, read_surroundings
from spacetime_rl.playtest.places import CELLS, bounds_of

FORMAT = 1
_FILE = "coverage.json"


def width_of(trace: Trace) -> float:
    """The width of a cell for an arena: a tenth of its longer side, rounded up to 1, 2 or 5 times a power of ten."""
    bounds = bounds_of(trace)
    tenth = max(float((bounds[1] - bounds[0])[[0, 2]].max()) / CELLS, 1e-3) if bounds else 1.0
    unit = 10.0 ** math.floor(math.log10(tenth))
    return next(step * unit for step in (1, 2, 5, 10) if step * unit >= tenth * (1.0 - 1e-6))


def cells_of(positions: Floats, width: float) -> set[str]:
    """The cells of places, float32 [n, 3], each as `3,-1`; of finite places alone."""
    flat = positions[:, [0, 2]]
    found = np.unique(np.floor(flat[np.isfinite(flat).all(axis=1)] / width).astype(int), axis=0)
    return {f"{x},{z}" for x, z in found.tolist()}


def resized(cells: Iterable[str], width: float, wanted: float) -> set[str]:
    """The cells of another width that have the centres of these."""
    if width == wanted:
        return set(cells)
    places = [[(x + 0.5) * width, 0.0, (z + 0.5) * width] for x, z in (place_of(cell) for cell in cells)]
    return cells_of(np.array(places, np.float32).reshape(-1, 3), wanted)


def place_of(cell: str) -> tuple[int, int]:
    """The two numbers of a cell. Raises ValueError."""
    x, z = map(int, cell.split(","))
    return x, z


@dataclass(slots=True)
class Reached:
    """The cells that players reached in one scene of one build."""

    around: Mapping[str, Any]  # what stands there, as `write_surroundings` gives it
    players: dict[str, set[str]] = field(default_factory=dict)

    @property
    def cells(self) -> set[str]:
        """Those of all players."""
        return set().union(*self.players.values())

    @property
    def empty_trace(self) -> Trace:
        """An episode of nobody, to be drawn."""
        return Trace(0, (), physics_hz=60, **read_surroundings(self.around))


@dataclass(slots=True)
class Scene:
    """The map of a scene: the width of its cells, and what was reached in each build, the oldest first."""

    width: float
    builds: dict[str, Reached] = field(default_factory=dict)

    @property
    def reachable(self) -> set[str]:
        """The cells that any player has reached in any build."""
        return set().union(*(reached.cells for reached in self.builds.values()))


class Coverage:
    """What was reached in all playtests that keep their findings in one folder, by scene."""

    def __init__(self) -> None:
        self.scenes: dict[str, Scene] = {}

    @classmethod
    def read(cls, folder: Path) -> Coverage:
        """Read what earlier playtests have written, if there were any. Raises UsageError for a damaged file."""
        found, file = cls(), folder / _FILE
        if not file.is_file():
            return found
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise ValueError(f"format {data['format']}; this version reads {FORMAT}")
            for name, scene in data["scenes"].items():
                builds = {build: _read(reached) for build, reached in scene["builds"].items()}
                found.scenes[name] = Scene(float(scene["width"]), builds)
        except (OSError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{file}: damaged, or of a later version: {error}; delete it to count anew") from error
        return found

    def width(self, scene: str, proposed: float) -> float:
        """The width of the cells of a scene; `proposed` if it was never played."""
        return self.scenes.setdefault(scene, Scene(proposed)).width

    def add(
        self, scene: str, build: str, around: Mapping[str, Any] | None, players: Mapping[str, Iterable[str]]
    ) -> None:
        """Add cells that players reached in a scene whose width is known; `around` is what stands in it, if known."""
        builds = self.scenes[scene].builds
        if around is not None and build not in builds:
            builds[build] = Reached(around)
        if build in builds:
            for player, cells in players.items():
                builds[build].players.setdefault(player, set()).update(cells)

    def save(self, folder: Path) -> None:
        """Write it beside the findings. Raises RecordingError, as on a full disk."""
        scenes = {
            name: {
                "width": scene.width,
                "builds": {
                    build: {
                        "around": reached.around,
                        "players": {player: sorted(cells) for player, cells in reached.players.items()},
                    }
                    for build, reached in scene.builds.items()
                },
            }
            for name, scene in self.scenes.items()
        }
        partial = folder / f".{_FILE}.partial"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            partial.write_text(to_json({"format": FORMAT, "scenes": scenes}) + "\n", encoding="utf-8")
            partial.replace(folder / _FILE)
        except OSError as error:
            raise RecordingError(f"{folder / _FILE}: could not be written: {error.strerror or error}") from error


def _read(data: Mapping[str, Any]) -> Reached:
    players = {str(player): {_checked(cell) for cell in cells} for player, cells in data["players"].items()}
    reached = Reached(data["around"], players)
    assert reached.empty_trace.unit  # it raises ValueError for surroundings that are none
    return reached


def _checked(cell: str) -> str:
    x, z = place_of(cell)
    return f"{x},{z}"
