"""Draw a report as PNG: bars for all measurements, and lines for the scaling of sampling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from spacetime_rl.bench.report import MEASURED, BenchReport, speed_of
from spacetime_rl.bench.table import LABELS, note_of, title_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, distinguishable with every kind of colour vision.
_LIMIT, _OURS, _STOCK = "#999999", "#0072B2", "#D55E00"
_GAMES_COLOURS = {1: "#0072B2", 2: "#009E73", 4: "#CC79A7"}
_RUNNER_LINES = {1: "-", 2: "--"}


def draw(report: BenchReport, out: Path) -> Path:
    """Draw the report and write it to `out` as PNG, 1500 pixels wide. Returns `out`."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    panels = 2 if report.scaling else 1
    with rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "text.parse_math": False}):
        figure = Figure(figsize=(15, 4.8 * panels), dpi=100, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
        FigureCanvasAgg(figure)
        title = title_of(report.target, report.settings)
        figure.suptitle(title, fontsize=15, fontweight="bold", x=0.01, ha="left")
        axes = figure.subplots(panels, 1, squeeze=False)[:, 0]
        _draw_bars(axes[0], report)
        if report.scaling:
            _draw_scaling(axes[1], report)
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)
    return out


def _draw_bars(axes: Axes, report: BenchReport) -> None:
    speeds = {name: speed for name in MEASURED if (speed := speed_of(report.results, name)) is not None}
    names, values = list(speeds), list(speeds.values())
    positions = [index + (0.5 if name.startswith("stock") else 0.0) for index, name in enumerate(names)]
    bars = axes.barh(positions, values, color=[_colour(name) for name in names], height=0.72)
    axes.bar_label(bars, [f"{speeds[name]:,.0f}   {note_of(report, name)}" for name in names], padding=6)
    axes.set_yticks(positions, [f"{LABELS[name][0]}\n{LABELS[name][1]}" for name in names], fontsize=10)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.3 * max(values))
    machine = report.machine
    where = f"{machine['cpu']}, {machine['cores']} cores; median of {report.settings['rounds']} rounds"
    axes.set_title(f"agent-steps a second  ({where})", loc="left", fontsize=12)
    _grid(axes, "x")
    _thousands(axes, "x")


def _colour(name: str) -> str:
    if name.startswith("stock"):
        return _STOCK
    return _LIMIT if name == "engine_limit" else _OURS


def _draw_scaling(axes: Axes, report: BenchReport) -> None:
    from matplotlib.ticker import ScalarFormatter

    for runners, games in sorted({(cell.runners, cell.games) for cell in report.scaling}):
        cells = sorted((c for c in report.scaling if (c.runners, c.games) == (runners, games)), key=lambda c: c.agents)
        agents, speeds = [cell.agents for cell in cells], [cell.agent_steps_per_s for cell in cells]
        label = f"{runners} runner{'s' * (runners > 1)}, {games} game{'s' * (games > 1)} each"
        axes.plot(agents, speeds, _RUNNER_LINES[runners], color=_GAMES_COLOURS[games], marker="o", label=label)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.set_xticks(sorted({cell.agents for cell in report.scaling}))
    axes.set_xlabel("agents a game")
    axes.set_ylim(bottom=0)
    axes.set_title("how sampling scales, agent-steps a second", loc="left", fontsize=12)
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    _grid(axes, "both")
    _thousands(axes, "y")


def _grid(axes: Axes, which: str) -> None:
    axes.grid(axis=which, color="#dddddd", linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def _thousands(axes: Axes, which: str) -> None:
    from matplotlib.ticker import EngFormatter

    (axes.xaxis if which == "x" else axes.yaxis).set_major_formatter(EngFormatter(sep=" "))
