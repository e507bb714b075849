"""Agents' paths seen from above, with obstacles; a panel for each episode."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.trace import AgentTrace, Shape, Trace
from spacetime_rl.pictures.labels import Labels, outlined
from spacetime_rl.pictures.style import ENDINGS, LINES, MARKS, WORDS, YELLOW, canvas, ending_key, policy_key

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST = 9  # episodes

_COLUMNS = 3  # panels in a row
_PANEL = 500  # pixels
_INNER = 410.0  # approximate pixels of a panel inside its axes
_UNITS = {"m": 1.0, "px": 100.0}  # of lengths in a metre; Godot's 2D gravity of 980 takes 100 pixels for one
_STEP_M = 0.35  # shapes up to this height above the start are ground to walk on
_GROUND, _LOW, _TALL = "#f1efe9", "#c9c6bd", "#85827a"
_KINDS = {_GROUND: "ground", _LOW: "low obstacle (up to 1 m)", _TALL: "wall or tall obstacle"}
_HILLS = "#bdbdbd"
_EVENT = 1.0  # absolute reward from which a payment is marked on the path
_MOST_EVENTS = 2  # payments of one reward term to one agent; a term that is paid more often is not an event
_SAME_SCALE = 1.6  # panels whose extents differ by no more than this factor share one scale
_MANY_LANDMARKS = 3  # with more landmarks, labels are only the last word of their names
_MOVED_M = 0.5  # extent of a path in x or z from which agents count as moving
_ROOM_M = 12.0  # ground up to this size is shown whole, even if the paths are short

Box = tuple[NDArray[np.float64], NDArray[np.float64]]


def anybody_moves(traces: Sequence[Trace]) -> bool:
    """Whether an agent moves far enough horizontally for a path to be visible."""
    return any(
        np.ptp(agent.positions[:, [0, 2]], axis=0).max() > _MOVED_M * _UNITS[trace.unit]
        for trace in traces
        for agent in trace.agents
    )


def draw_paths(traces: Sequence[Trace], title: str, out: Path) -> Path:
    """Draw the paths of the first `MOST` episodes and write them to `out` as PNG. Returns `out`."""
    shown = traces[:MOST]
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    policies = list(dict.fromkeys(agent.policy for trace in shown for agent in trace.agents))
    frames = _same_scale([_frame(trace) for trace in shown])
    with canvas(title, out, max(2, columns) * _PANEL, rows * _PANEL + 110) as figure:
        panels = figure.subplots(rows, columns, squeeze=False).flat
        for axes, trace, frame in zip(panels, shown, frames, strict=False):
            _draw_episode(axes, trace, policies, frame)
        for axes in list(figure.axes)[len(shown) :]:
            axes.axis("off")
        key = [*ending_key({agent.ending for trace in shown for agent in trace.agents}), *policy_key(policies)]
        key += [*_event_key(shown), *_shape_key(shown)]
        figure.legend(handles=[*_start_key(), *key], loc="outside lower left", ncols=7, frameon=False)
    return out


def _draw_episode(axes: Axes, trace: Trace, policies: Sequence[str], frame: Box) -> None:
    low, high = frame
    for shape in sorted(trace.outline, key=lambda shape: shape.high):
        draw_shape(axes, shape, _colour(shape, trace))
    for agent in trace.agents:
        _draw_agent(axes, agent, LINES[policies.index(agent.policy) % len(LINES)])
    labels = Labels(axes, low, high, _INNER)
    places = [(agent.positions[0], agent.name) for agent in trace.agents]
    for at in [*(place for place, _ in places), *trace.landmarks.values()]:
        labels.keep_free(float(at[0]), float(at[2]))
    if len(trace.agents) > 1:  # agents with the same number belong together
        for place, name in places:
            labels.write(name.rpartition("/")[2], float(place[0]), float(place[2]), weight="bold")
    _draw_landmarks(axes, trace, labels)
    _draw_events(axes, trace, labels)
    _draw_scale_bar(axes, low, high, trace.unit)
    down = "z" if trace.unit == "m" else "y"
    axes.set(xlim=(low[0], high[0]), ylim=(high[1], low[1]), aspect="equal")
    axes.set(xlabel=f"x ({trace.unit})", ylabel=f"{down} ({trace.unit})")
    axes.set_title(f"episode {trace.episode}: {_outcome(trace)}", loc="left", fontsize=12)


def _outcome(trace: Trace) -> str:
    seconds = max(int(agent.ticks[-1]) for agent in trace.agents) / trace.physics_hz
    succeeded = sum(agent.ending == "success" for agent in trace.agents)
    alone = len(trace.agents) == 1
    what = WORDS[trace.agents[0].ending] if alone else f"{succeeded} of {len(trace.agents)} succeed"
    return f"{what}, {seconds:.1f} s"


def draw_shape(axes: Axes, shape: Shape, colour: str) -> None:
    """Draw a shape from above in a colour; a terrain with its heights."""
    from matplotlib.patches import Circle, Polygon

    if shape.heights is not None:
        _draw_terrain(axes, shape)
        return
    edge = "#d5d2c8" if colour == _GROUND else "#5c5a54"
    common: dict[str, Any] = {"facecolor": colour, "edgecolor": edge, "linewidth": 0.8}
    if shape.radius is not None:
        axes.add_patch(Circle((shape.points[0, 0], shape.points[0, 1]), shape.radius, **common))
    else:
        axes.add_patch(Polygon(shape.points, closed=True, **common))


def _colour(shape: Shape, trace: Trace) -> str:
    if trace.unit == "px":  # nothing in a 2D game is ground to walk on
        return _TALL
    return shade(shape, _start_height(trace))


def shade(shape: Shape, floor: float) -> str:
    """The grey of a shape in a 3D game whose agents begin at the height `floor`, in m."""
    above = shape.high - floor
    return _GROUND if above <= _STEP_M else _LOW if above <= 1.0 else _TALL


def _start_height(trace: Trace) -> float:
    return min(float(agent.positions[0, 1]) for agent in trace.agents)


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


def _draw_landmarks(axes: Axes, trace: Trace, labels: Labels) -> None:
    """Draw landmarks as stars with names, with a dotted circle of the radius within which they count as reached."""
    from matplotlib.patches import Circle

    many = len(trace.landmarks) > _MANY_LANDMARKS
    for name, (x, _, z) in trace.landmarks.items():
        # Below the ends of paths in z-order: a successful path ends on its landmark.
        size = 12 if many else 18
        axes.plot(x, z, "*", color=YELLOW, markeredgecolor="black", markersize=size, zorder=3.5, clip_on=False)
        if name in trace.radii:
            axes.add_patch(Circle((x, z), trace.radii[name], fill=False, edgecolor="black", linestyle=":", zorder=3.4))
        labels.write(name.rpartition("_")[2] if many else name, x, z)


def _draw_events(axes: Axes, trace: Trace, labels: Labels) -> None:
    """Draw a diamond where agents earned a rare, large reward, such as for a grab.

    Agents that earn it at the same tick share a diamond at their mean position, with a thin line from each agent: the
    diamond of a hand-over lies between giver and taker.
    """
    together: dict[tuple[str, int], list[NDArray[np.float32]]] = {}
    for agent in trace.agents:
        for term, row in events(agent):
            together.setdefault((term, int(agent.ticks[row])), []).append(agent.positions[row, [0, 2]])
    for (term, _), places in together.items():
        x, z = np.mean(places, axis=0).tolist()
        for place in places:
            axes.plot([place[0], x], [place[1], z], color="black", linewidth=0.9, zorder=6.5)
        axes.plot(x, z, "D", color="white", markeredgecolor="black", markersize=6, zorder=7)
        labels.write(term, x, z)


def events(agent: AgentTrace) -> list[tuple[str, int]]:
    """Payments that are events, as reward term and row: at least `_EVENT`, of a term paid at most `_MOST_EVENTS` times.

    Payments in the last row are left out: they belong to the episode's ending, which has its own mark.
    """
    found = []
    for term, sums in agent.rewards.items():
        paid = np.abs(np.diff(sums))
        rows = np.flatnonzero(paid > 1e-6) + 1
        if 0 < len(rows) <= _MOST_EVENTS:
            found += [(term, int(row)) for row in rows if paid[row - 1] >= _EVENT and row < len(sums) - 1]
    return found


def _draw_scale_bar(axes: Axes, low: NDArray[np.float64], high: NDArray[np.float64], name: str) -> None:
    """Draw a bar of a round number of metres or pixels in the lower left corner, a quarter of the panel at most."""
    room = 0.25 * float(high[0] - low[0])
    unit = 10.0 ** np.floor(np.log10(room))
    length = float(unit * max(step for step in (1, 2, 5) if step * unit <= room))
    x, z = low[0] + 0.03 * (high[0] - low[0]), high[1] - 0.03 * (high[1] - low[1])
    axes.plot([x, x + length], [z, z], color="black", linewidth=3.0, solid_capstyle="butt", zorder=9)
    bar = axes.annotate(f"{length:g} {name}", (x, z), (2, 5), textcoords="offset points", fontsize=9.5, zorder=9)
    bar.set_path_effects(outlined())


def _same_scale(frames: Sequence[Box]) -> list[Box]:
    """The frames, enlarged to one common size if their sizes differ by at most the factor `_SAME_SCALE`."""
    halves = [float((high - low).max()) / 2.0 for low, high in frames]
    if max(halves) > _SAME_SCALE * min(halves):
        return list(frames)
    return [((low + high) / 2.0 - max(halves), (low + high) / 2.0 + max(halves)) for low, high in frames]


def _shape_key(traces: Sequence[Trace]) -> list[Any]:
    """Legend entries for the shades of grey that occur, and for hills."""
    from matplotlib.patches import Patch

    drawn = {_colour(shape, trace) for trace in traces for shape in trace.outline if shape.heights is None}
    key = [Patch(facecolor=grey, edgecolor="#5c5a54", label=what) for grey, what in _KINDS.items() if grey in drawn]
    if any(shape.heights is not None for trace in traces for shape in trace.outline):
        key.append(Patch(facecolor=_HILLS, edgecolor="#8a877e", label="hills: the darker, the higher"))
    return key


def _event_key(traces: Sequence[Trace]) -> list[Line2D]:
    """Legend entries for landmarks, their radii and events, if there are any."""
    from matplotlib.lines import Line2D

    key = []
    if any(trace.landmarks for trace in traces):
        star: dict[str, Any] = {"marker": "*", "color": YELLOW, "markeredgecolor": "black", "markersize": 12}
        key.append(Line2D([], [], linestyle="none", label="landmark", **star))
    if any(trace.radii for trace in traces):
        key.append(Line2D([], [], linestyle=":", color="black", label="counts as reached"))
    if any(events(agent) for trace in traces for agent in trace.agents):
        diamond: dict[str, Any] = {"marker": "D", "color": "white", "markeredgecolor": "black", "markersize": 6}
        key.append(Line2D([], [], linestyle="none", label="event (a large reward)", **diamond))
    return key


def _frame(trace: Trace) -> Box:
    """The part of the plane to show: a square around all paths and landmarks, or the whole ground if it is small."""
    places = np.concatenate([agent.positions[:, [0, 2]] for agent in trace.agents]).astype(np.float64)
    marks = np.array([[x, z] for x, _, z in trace.landmarks.values()]).reshape(-1, 2)
    places = np.concatenate([places, marks])
    low, high = places.min(axis=0), places.max(axis=0)
    metre = _UNITS[trace.unit]
    half = max(metre, 0.58 * float((high - low).max()))  # 0.5 and a margin, as 0.54 below
    centre = (low + high) / 2.0
    for corners in _grounds(trace):
        least, greatest = corners.min(axis=0), corners.max(axis=0)
        size, middle = float((greatest - least).max()), (least + greatest) / 2.0
        if 2.0 * half <= 1.3 * size and size <= max(_ROOM_M * metre, 3.0 * half):
            around = 0.54 * size
            if np.all(np.abs(places - middle) <= around):
                centre, half = middle, around
    return centre - half, centre + half


def _grounds(trace: Trace) -> list[NDArray[np.float64]]:
    """Corners of each ground that a picture may show whole; in a 2D game, of all shapes together."""
    flat = [shape for shape in trace.outline if shape.radius is None and shape.heights is None]
    if trace.unit == "px":
        return [np.concatenate([shape.points for shape in flat]).astype(np.float64)] if flat else []
    walkable = _start_height(trace) + _STEP_M
    return [shape.points.astype(np.float64) for shape in flat if shape.high <= walkable]


def _start_key() -> list[Line2D]:
    from matplotlib.lines import Line2D

    start: dict[str, Any] = {"marker": "o", "color": "white", "markeredgecolor": "black", "markersize": 8}
    return [Line2D([], [], linestyle="none", label="start", **start)]
