"""Draw a race as PNG: success on held-out episodes over the time that training took, a line for each seed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spacetime_rl.race.report import WAYS, RaceReport
from spacetime_rl.race.table import NAMES, WAY_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, distinguishable with every kind of colour vision.
_COLOURS = {"training": "#0072B2", "stock_rllib": "#009E73", "stock_sb3": "#D55E00", "stock_sb3_example": "#CC79A7"}


def draw(report: RaceReport, out: Path) -> Path:
    """Draw the report and write it to `out` as PNG, 1500 pixels wide. Returns `out`."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "text.parse_math": False}):
        figure = Figure(figsize=(15, 5.5), dpi=100, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
        FigureCanvasAgg(figure)
        figure.suptitle(
            f"{report.target}: success on held-out episodes", fontsize=15, fontweight="bold", x=0.01, ha="left"
        )
        panels = figure.subplots(1, len(WAYS), sharex=True, sharey=True, squeeze=False)[0]
        for axes, way in zip(panels, WAYS, strict=True):
            _draw_way(axes, report, way)
        panels[0].legend(frameon=False, loc="lower right")
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)
    return out


def _draw_way(axes: Axes, report: RaceReport, way: str) -> None:
    for leg in report.legs:
        first = leg.seed == report.legs[0].seed
        axes.plot(
            [0.0, *(point.seconds for point in leg.points)],
            [report.others["random"], *(point.success[way] for point in leg.points)],
            color=_COLOURS[leg.racer],
            marker="o",
            markersize=4,
            linewidth=1.6,
            label=NAMES[leg.racer] if first else None,
        )
    lines = {"the goal": report.success}
    if "heuristic" in report.others:
        lines["the scripted player"] = report.others["heuristic"]
    for text, height in lines.items():
        axes.axhline(height, color="#888888", linestyle="--", linewidth=0.9)
        axes.annotate(text, (0.0, height), fontsize=9, color="#666666", va="bottom")
    axes.set_title(WAY_NAMES[way], loc="left", fontsize=12)
    axes.set_xlabel("seconds of training, from its start")
    axes.set_ylim(0.0, 1.03)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
