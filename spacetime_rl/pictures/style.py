"""The common style of pictures: colours, canvas, and the colours, marks and words of endings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl.game.trace import Ending

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Okabe and Ito's palette, distinguishable with every kind of colour vision.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, YELLOW, GREY = "#E69F00", "#56B4E9", "#F0E442", "#777777"
MANY = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, "#882255", "#999933", "#44AA99", "#332288", "#AAAAAA")

ENDINGS: dict[Ending, str] = {"success": GREEN, "terminated": VERMILION, "truncated": PURPLE, "running": GREY}
WORDS: dict[Ending, str] = {
    "success": "success",
    "terminated": "failed",
    "truncated": "time ran out",
    "running": "cut short",
}
MARKS: dict[Ending, str] = {"success": "o", "terminated": "X", "truncated": "s", "running": "D"}
LINES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1.2)))  # line styles of policies, in order

_DOTS_PER_INCH = 100


@contextmanager
def canvas(title: str, out: Path, width: int, height: int) -> Iterator[Figure]:
    """Yield a figure of `width` x `height` pixels to draw on, then write it to `out` as PNG."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    size = (width / _DOTS_PER_INCH, height / _DOTS_PER_INCH)
    # With `parse_math`, matplotlib's default, dollar signs in a name would be read as a formula, usually a wrong one.
    with rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "text.parse_math": False}):
        figure = Figure(figsize=size, dpi=_DOTS_PER_INCH, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
        FigureCanvasAgg(figure)
        figure.suptitle(title, fontsize=15, fontweight="bold", x=0.01, ha="left")
        yield figure
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)


def grid(axes: Axes) -> None:
    """Draw light grid lines behind the data."""
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)


def ending_key(endings: set[Ending]) -> list[Line2D]:
    """Legend entries for the endings that occur."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=colour, marker=MARKS[ending], linewidth=2.0, markersize=7, label=WORDS[ending])
        for ending, colour in ENDINGS.items()
        if ending in endings
    ]


def policy_key(policies: list[str]) -> list[Line2D]:
    """Legend entries for the policies' line styles; none for a single policy."""
    from matplotlib.lines import Line2D

    if len(policies) < 2:
        return []
    return [
        Line2D([], [], color=GREY, linestyle=LINES[i % len(LINES)], linewidth=2.0, label=name)
        for i, name in enumerate(policies)
    ]
