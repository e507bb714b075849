"""Places in an arena: what keys of findings call them, and how coverage counts them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spacetime_rl.game.trace import AgentTrace, Floats, Shape, Trace

CELLS = 10  # map cells along the longer side of an arena's outline, for keys and coverage
_BESIDE_M, _BESIDE_PX = 1.0, 50.0  # the distance of an obstacle that somebody is next to
_STEP = 0.05  # what is no higher than this above the feet is no obstacle
_TALL = 2.0  # nor what begins higher than this


class Map:
    """The arena from above as a grid of cells, by which places are compared and counted.

    A cell's side is `cell`, in the trace's unit, or else a tenth of the longer side of all that stands in the arena.
    """

    def __init__(self, trace: Trace, cell: float | None = None) -> None:
        bounds = bounds_of(trace)
        # The engine begins the names with @ that it gives to nodes without one.
        self._obstacles = [s for s in trace.outline if s.heights is None and not s.name.startswith("@")]
        self._is_flat = trace.unit == "px"
        low, high = bounds if bounds else (np.zeros(3, np.float32), np.full(3, CELLS, np.float32))
        self._low = low[[0, 2]]
        self._size = cell or max(float((high - low)[[0, 2]].max()), 1e-6) / CELLS

    def cell(self, position: np.ndarray) -> str:
        """The cell of a place, as `3,-1`; empty for a place that nobody knows, as in a stock game."""
        if not np.isfinite(position).all():
            return ""
        x, y = np.floor((position[[0, 2]] - self._low) / self._size).astype(int).tolist()
        return f"{x},{y}"

    def beside(self, position: np.ndarray) -> str:
        """The obstacle that is next to a place, by its name in the scene; the cell if there is none with a name."""
        height = float(position[1])
        beside = [
            (distance, shape.name)
            for shape in self._obstacles
            if (self._is_flat or (shape.high > height + _STEP and shape.low < height + _TALL))
            and (distance := _distance(position[[0, 2]], shape)) <= (_BESIDE_PX if self._is_flat else _BESIDE_M)
        ]
        return min(beside)[1] if beside else self.cell(position)


def bounds_of(trace: Trace) -> tuple[np.ndarray, np.ndarray] | None:
    """The least and the greatest corner of all that stands in the arena, each float32 [3]; None if nothing does."""
    corners: list[Sequence[float]] = []
    for shape in trace.outline:
        reach = shape.radius or 0.0
        low, high = shape.points.min(axis=0) - reach, shape.points.max(axis=0) + reach
        corners += [(low[0], shape.low, low[1]), (high[0], shape.high, high[1])]
    if not corners:
        return None
    found = np.array(corners, np.float32)
    return found.min(axis=0), found.max(axis=0)


def _distance(point: Floats, shape: Shape) -> float:
    """From a point in the plane to the edge of a shape; 0 inside a circle."""
    if shape.radius is not None:
        return max(0.0, float(np.linalg.norm(point - shape.points[0])) - shape.radius)
    begins, ends = shape.points, np.roll(shape.points, -1, axis=0)
    along = ends - begins
    share = np.clip(((point - begins) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-12), 0.0, 1.0)
    return float(np.linalg.norm(begins + share[:, None] * along - point, axis=1).min())


def place(agent: AgentTrace, row: int) -> str:
    """Where an agent was, in words."""
    return f"({', '.join(f'{value:.2f}' for value in agent.positions[row].tolist())})"
