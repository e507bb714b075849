"""Paths from above over what stood in the way, a panel for each episode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.trace import AgentTrace, Shape, Trace
from spacetime_rl.pictures.style import ENDINGS, LINES, MARKS, WORDS, YELLOW, canvas, ending_key, policy_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST = 9  # episodes

_COLUMNS = 3
_PANEL = 500  # pixels
_STEP_M = 0.35  # what is no higher above the start is ground to walk on
_GROUND, _LOW, _TALL = "#f1efe9", "#c9c6bd", "#85827a"
_MANY_LANDMARKS = 3  # more of them are labelled by the last word of their names
_MOVED_M = 0.5
_ROOM_M = 12.0  # ground of this size is shown whole, however short the paths

Box = tuple[NDArray[np.float64], NDArray[np.float64]]


def anybody_moves(traces: Sequence[Trace]) -> bool:
    """Whether there are paths to be seen from above."""
    return any(np.ptp(agent.positions[:, [0, 2]], axis=0).max() > _MOVED_M for t in traces for agent in t.agents)


def draw_paths(traces: Sequence[Trace], title: str, out: Path) -> Path:
    """Draw the first MOST episodes and write them to `out` as PNG. Returns `out`."""
    shown = traces[:MOST]
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    policies = list(dict.fromkeys(agent.policy for trace in shown for agent in trace.agents))
    with canvas(title, out, max(2, columns) * _PANEL, rows * _PANEL + 90) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for axes, trace in zip(panels, shown, strict=False):
            _draw_episode(axes, trace, policies)
        for axes in list(figure.axes)[len(shown) :]:
            axes.axis("off")
        key = [*ending_key({agent.ending for trace in shown for agent in trace.agents}), *policy_key(policies)]
        figure.legend(handles=[*_start_key(), *key], loc="outside lower left", ncols=8, frameon=False)
    return out


def _draw_episode(axes: Axes, trace: Trace, policies: Sequence[str]) -> None:
    start_height = min(float(agent.positions[0, 1]) for agent in trace.agents)
    low, high = _frame(trace, start_height)
    for shape in sorted(trace.outline, key=lambda shape: shape.high):
        _draw_shape(axes, shape, start_height)
    for agent in trace.agents:
        _draw_agent(axes, agent, LINES[policies.index(agent.policy) % len(LINES)])
    _draw_landmarks(axes, trace, middle=(low[0] + high[0]) / 2.0)
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), aspect="equal", xlabel="x (m)", ylabel="z (m)")
    axes.set_title(f"episode {trace.episode}: {_outcome(trace)}", loc="left", fontsize=12)


def _outcome(trace: Trace) -> str:
    seconds = max(int(agent.ticks[-1]) for agent in trace.agents) / trace.physics_hz
    succeeded = sum(agent.ending == "success" for agent in trace.agents)
    alone = len(trace.agents) == 1
    what = WORDS[trace.agents[0].ending] if alone else f"{succeeded} of {len(trace.agents)} succeed"
    return f"{what}, {seconds:.1f} s"


def _draw_shape(axes: Axes, shape: Shape, start_height: float) -> None:
    from matplotlib.patches import Circle, Polygon

    if shape.heights is not None:
        _draw_terrain(axes, shape)
        return
    above = shape.high - start_height
    colour = _GROUND if above <= _STEP_M else _LOW if above <= 1.0 else _TALL
    edge = "#d5d2c8" if above <= _STEP_M else "#5c5a54"
    common: dict[str, Any] = {"facecolor": colour, "edgecolor": edge, "linewidth": 0.8}
    if shape.radius is not None:
        axes.add_patch(Circle((shape.points[0, 0], shape.points[0, 1]), shape.radius, **common))
    else:
        axes.add_patch(Polygon(shape.points, closed=True, **common))


def _draw_terrain(axes: Axes, shape: Shape) -> None:
    assert shape.heights is not None
    rows, columns = shape.heights.shape
    (x_min, z_min), (x_max, z_max) = shape.points.tolist()
    x, z = np.linspace(x_min, x_max, columns), np.linspace(z_min, z_max, rows)
    axes.contourf(x, z, shape.heights, levels=12, cmap="Greys", alpha=0.45)
    axes.contour(x, z, shape.heights, levels=12, colors="#8a877e", linewidths=0.5)


def _draw_agent(axes: Axes, agent: AgentTrace, line: Any) -> None:
    colour = ENDINGS[agent.ending]
    x, z = agent.positions[:, 0], agent.positions[:, 2]
    axes.plot(x, z, color="white", linewidth=3.6, alpha=0.8, zorder=3)
    axes.plot(x, z, color=colour, linestyle=line, linewidth=2.0, zorder=4)
    axes.plot(x[0], z[0], "o", color="white", markeredgecolor=colour, markeredgewidth=2.0, markersize=8, zorder=5)
    axes.plot(x[-1], z[-1], MARKS[agent.ending], color=colour, markeredgecolor="white", markersize=10, zorder=6)


def _draw_landmarks(axes: Axes, trace: Trace, middle: float) -> None:
    """Stars with their names, which are written towards the middle, where there is room."""
    from matplotlib.patheffects import withStroke

    many = len(trace.landmarks) > _MANY_LANDMARKS
    outlined: list[Any] = [withStroke(linewidth=3.0, foreground="white")]
    for name, (x, _, z) in trace.landmarks.items():
        # Below the ends of paths, which lie on it where all is well.
        size = 12 if many else 18
        axes.plot(x, z, "*", color=YELLOW, markeredgecolor="black", markersize=size, zorder=3.5, clip_on=False)
        label = name.rpartition("_")[2] if many else name
        side, beside = ("left", 7) if x < middle else ("right", -7)
        at = axes.annotate(label, (x, z), (beside, 6), textcoords="offset points", ha=side, fontsize=10, zorder=8)
        at.set_in_layout(False)
        at.set_path_effects(outlined)


def _frame(trace: Trace, start_height: float) -> Box:
    """What is shown of the plane: a square around all paths and landmarks, or the ground where that is small."""
    places = np.concatenate([agent.positions[:, [0, 2]] for agent in trace.agents]).astype(np.float64)
    marks = np.array([[x, z] for x, _, z in trace.landmarks.values()]).reshape(-1, 2)
    places = np.concatenate([places, marks])
    low, high = places.min(axis=0), places.max(axis=0)
    half = max(1.0, 0.58 * float((high - low).max()))
    centre = (low + high) / 2.0
    for ground in (s for s in trace.outline if s.radius is None and s.heights is None):
        corners = ground.points.astype(np.float64)
        least, greatest = corners.min(axis=0), corners.max(axis=0)
        size, middle = float((greatest - least).max()), (least + greatest) / 2.0
        if ground.high <= start_height + _STEP_M and 2.0 * half <= 1.3 * size and size <= max(_ROOM_M, 3.0 * half):
            around = 0.54 * size
            if np.all(np.abs(places - middle) <= around):
                centre, half = middle, around
    return centre - half, centre + half


def _start_key() -> list[Line2D]:
    from matplotlib.lines import Line2D

    start: dict[str, Any] = {"marker": "o", "color": "white", "markeredgecolor": "black", "markersize": 8}
    return [Line2D([], [], linestyle="none", label="start", **start)]
