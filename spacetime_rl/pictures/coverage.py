"""Maps of a playtest: the arena from above with the cells that players reached, a panel for each build."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.trace import Trace
from spacetime_rl.pictures.paths import draw_shape, shade
from spacetime_rl.pictures.style import BLUE, VERMILION, canvas
from spacetime_rl.playtest.coverage import Coverage, Reached, Scene, place_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 3  # builds, the newest ones
_PANEL = 460  # pixels
_MARGIN = 0.6  # cells around the outermost ones
_FAR = 2.0  # times the arena's outline: cells further away are not shown


def draw_coverage(coverage: Coverage, build: str, folder: Path) -> list[Path]:
    """Draw a map for every scene into `folder`, with this build and those before it. Returns the files.

    A scene of which no place is known has no map: a stock game does not say where its agents are.
    """
    return [
        _draw_scene(found, scene, build, folder / (f"coverage-{scene}.png" if scene else "coverage.png"))
        for scene, found in sorted(coverage.scenes.items())
        if build in found.builds and (found.reachable or found.builds[build].empty_trace.outline)
    ]


def _draw_scene(scene: Scene, name: str, build: str, out: Path) -> Path:
    from matplotlib.patches import Patch

    shown = [*[other for other in scene.builds if other != build][-(_MOST - 1) :], build]
    title = f"Cells reached{f' in {name}' if name else ''}"
    with canvas(title, out, max(2, len(shown)) * _PANEL, _PANEL + 130) as figure:
        panels = figure.subplots(1, len(shown), squeeze=False).flat
        for axes, which in zip(panels, shown, strict=True):
            _draw_build(axes, scene.builds[which], scene)
            counts = f"{len(scene.builds[which].cells)} of {len(scene.reachable)} cells"
            now = " (this one)" if which == build else ""
            axes.set_title(f"build {which[:8]}{now}: {counts}", loc="left", fontsize=11)
        key = [
            Patch(facecolor=BLUE, alpha=0.45, label="reached"),
            Patch(facecolor="none", edgecolor=VERMILION, hatch="///", label="reached in another build alone"),
        ]
        figure.legend(handles=key, loc="outside lower left", ncols=2, frameon=False)
    return out


def _draw_build(axes: Axes, reached: Reached, scene: Scene) -> None:
    from matplotlib.patches import Rectangle

    trace = reached.empty_trace
    floor = min((shape.high for shape in trace.outline), default=0.0)
    for shape in sorted(trace.outline, key=lambda shape: shape.high):
        draw_shape(axes, shape, shade(shape, floor))
    missed: dict[str, Any] = {"facecolor": "none", "edgecolor": VERMILION, "hatch": "///", "linewidth": 0.6}
    there: dict[str, Any] = {"facecolor": BLUE, "alpha": 0.45, "edgecolor": "white", "linewidth": 0.6}
    for cells, look in ((scene.reachable - reached.cells, missed), (reached.cells, there)):
        for corner in _corners(cells, scene.width):
            axes.add_patch(Rectangle((corner[0], corner[1]), scene.width, scene.width, **look))
    low, high = _frame(trace, _corners(scene.reachable, scene.width), scene.width)
    down = "z" if trace.unit == "m" else "y"
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), aspect="equal")
    axes.set(xlabel=f"x ({trace.unit})", ylabel=f"{down} ({trace.unit})")


def _corners(cells: set[str], width: float) -> NDArray[np.float64]:
    """The least x and z of cells, float64 [n, 2]."""
    return np.array([place_of(cell) for cell in sorted(cells)], np.float64).reshape(-1, 2) * width


def _frame(trace: Trace, corners: NDArray[np.float64], width: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The part of the plane to show: the outline and the cells, but for those far away."""
    reach = [(shape, shape.radius or 0.0) for shape in trace.outline]
    arena = np.concatenate([corners[:1], *(shape.points + offset for shape, far in reach for offset in (-far, far))])
    low, high = arena.min(axis=0), arena.max(axis=0)
    far = _FAR * max(float((high - low).max()), width)
    near = corners[((corners > low - far) & (corners < high + far)).all(axis=1)]
    points = np.concatenate([arena, near, near + width])
    return points.min(axis=0) - _MARGIN * width, points.max(axis=0) + _MARGIN * width
