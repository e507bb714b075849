"""Names beside places in a picture, arranged so that they overlap as little as possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SIZE = 9.5  # points
_CHARACTER, _LINE = 7.0, 15.0  # approximate pixels per character and per line
_BESIDE, _ABOVE = 9.0, 12.0  # pixels from a place to its name

Box = tuple[float, float, float, float]  # left, bottom, right, top, in pixels


@dataclass(frozen=True, slots=True)
class _Side:
    """A position for a name: its offset from the place in pixels, and its horizontal alignment."""

    x: float
    y: float
    align: str


_SIDES = (
    _Side(_BESIDE, 4.0, "left"),
    _Side(-_BESIDE, 4.0, "right"),
    _Side(_BESIDE, -_ABOVE, "left"),
    _Side(-_BESIDE, -_ABOVE, "right"),
    _Side(0.0, _ABOVE, "center"),
    _Side(0.0, -2.0 * _ABOVE, "center"),
)


class Labels:
    """The names in one square panel with a side of `panel` pixels; `low` and `high` are the corners it shows, in m."""

    def __init__(self, axes: Axes, low: Any, high: Any, panel: float) -> None:
        self._axes = axes
        self._low, self._high = low, high
        self._pixels = panel / float(high[0] - low[0])
        self._panel = panel
        self._taken: list[Box] = []

    def keep_free(self, x: float, z: float) -> None:
        """Reserve the mark at a place, so that names avoid it."""
        across, up = self._place(x, z)
        self._taken.append((across - 6.0, up - 6.0, across + 6.0, up + 6.0))

    def write(self, text: str, x: float, z: float, weight: str = "normal") -> None:
        """Write a name beside a place, on the side with the least overlap."""
        costs = [(self._cost(box), i) for i, box in enumerate(self._boxes(text, x, z))]
        chosen = min(costs)[1]
        side = _SIDES[chosen]
        self._taken.append(list(self._boxes(text, x, z))[chosen])
        label = self._axes.annotate(
            text,
            (x, z),
            (side.x, side.y),
            textcoords="offset pixels",
            ha=side.align,
            fontsize=_SIZE,
            weight=weight,
            zorder=8,
        )
        label.set_in_layout(False)
        label.set_path_effects(outlined())

    def _boxes(self, text: str, x: float, z: float) -> Iterator[Box]:
        across, up = self._place(x, z)
        width = _CHARACTER * len(text)
        for side in _SIDES:
            left = across + side.x - {"left": 0.0, "center": 0.5, "right": 1.0}[side.align] * width
            bottom = up + side.y - 2.0
            yield left, bottom, left + width, bottom + _LINE

    def _cost(self, box: Box) -> float:
        """The overlap with names and marks plus the area outside the panel, in square pixels."""
        outside = max(0.0, -box[0]) + max(0.0, box[2] - self._panel)
        return sum(_overlap(box, other) for other in self._taken) + _LINE * outside

    def _place(self, x: float, z: float) -> tuple[float, float]:
        """The position of a place in pixels from the panel's lower left corner; z points downwards."""
        return (x - float(self._low[0])) * self._pixels, (float(self._high[1]) - z) * self._pixels


def outlined() -> list[Any]:
    """Matplotlib path effects for a white outline, which keeps black letters legible on any background."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3.0, foreground="white")]


def _overlap(one: Box, other: Box) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return max(0.0, width) * max(0.0, height)
