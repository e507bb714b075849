"""Learning curves of one policy as a PNG."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl.tracking import names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, told apart with every kind of colour vision.
_BLUE, _ORANGE, _GREEN, _PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
_SUCCESS = "Episodes that succeed"
_CURVES = (
    ("return_mean", "Return of an episode", _BLUE),
    ("success_rate", _SUCCESS, _GREEN),
    ("length_mean", "Decisions in an episode", _ORANGE),
    ("entropy", "Entropy", _PURPLE),
    ("kl", "KL divergence of an update", _PURPLE),
    ("explained_variance", "Explained variance", _PURPLE),
)


def read_progress(file: Path, trial_id: str) -> list[dict[str, Any]]:
    """The results of a trial in order, from lines of JSON; what a resumed run played again counts once."""
    progress: list[dict[str, Any]] = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        result = json.loads(line)
        if result.get("trial_id") == trial_id:
            while progress and names.step_of(progress[-1]) >= names.step_of(result):
                progress.pop()
            progress.append(result)
    return progress


def plot_policies(progress: Sequence[Mapping[str, Any]], title: str, folder: Path) -> list[Path]:
    """The learning curves of every policy in `progress`, as `folder/learning_<policy>.png`."""
    policies = sorted({key.split("/")[1] for result in progress for key in result if key.startswith("policy/")})
    files = {policy: folder / f"learning_{names.file_name(policy)}.png" for policy in policies}
    return [plot_learning_curves(progress, policy, title, file) for policy, file in files.items()]


def plot_learning_curves(progress: Sequence[Mapping[str, Any]], policy: str, title: str, out: Path) -> Path:
    """Draw how one policy learned and write it to `out` as PNG (1500 x 800 pixels). Returns `out`.

    `progress` holds the results of a trial in order, with the flat public names (`policy/<p>/return_mean` …). Every
    curve shows the raw values lightly and a smoothed line, against agent steps; one without values says so.
    """
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with rc_context({"font.size": 11, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(15, 8), dpi=100, layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12))
        FigureCanvasAgg(figure)
        figure.suptitle(f"{policy}  ·  {title}", fontsize=15, fontweight="bold", x=0.01, ha="left")
        panels = figure.subplots(2, 3, sharex=True)
        for axes, (name, label, colour) in zip(panels.flat, _CURVES, strict=True):
            _draw(axes, *_series(progress, f"policy/{policy}/{name}"), label, colour)
        for axes in panels[1]:
            axes.set_xlabel("agent steps")
        _scale(panels)
        out.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(out)
    return out


def smooth(values: Sequence[float], share: float = 0.05) -> list[float]:
    """A centred moving average, so that the line does not lag; its window reaches `share` of all values either way.

    Towards the ends the window shrinks and stays centred.
    """
    reach = max(1, round(share * len(values)))
    windows = (values[i - half : i + half + 1] for i, half in _halves(len(values), reach))
    return [sum(window) / len(window) for window in windows]


def _halves(count: int, reach: int) -> Iterator[tuple[int, int]]:
    return ((i, min(reach, i, count - 1 - i)) for i in range(count))


def _draw(axes: Axes, steps: list[float], values: list[float], label: str, colour: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.set_title(label, loc="left", fontsize=12)
    axes.grid(color="#dddddd", linewidth=0.8)
    axes.set_axisbelow(True)
    if not values:
        axes.text(0.5, 0.5, "no values", transform=axes.transAxes, ha="center", color="#777777")
        axes.set_yticks([])
        return
    smoothed = smooth(values)
    axes.plot(steps, values, color=colour, alpha=0.35, linewidth=1.2)
    axes.plot(steps, smoothed, color=colour, linewidth=2.6, marker="o" if len(values) == 1 else None)
    if label == _SUCCESS:
        axes.set_ylim(-0.03, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    last = f"{smoothed[-1]:.0%}" if label == _SUCCESS else f"{smoothed[-1]:.3g}"
    axes.set_title(f"last {last}", loc="right", fontsize=12, color=colour, fontweight="bold")


def _scale(panels: Any) -> None:
    from matplotlib.ticker import EngFormatter

    for axes in panels.flat:
        axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
        axes.set_xlim(left=0)


def _series(progress: Sequence[Mapping[str, Any]], name: str) -> tuple[list[float], list[float]]:
    points = [
        (float(result["agent_steps"]), float(result[name]))
        for result in progress
        if result.get("agent_steps") is not None and isinstance(result.get(name), (int, float))
    ]
    points = [(step, value) for step, value in points if math.isfinite(value)]
    return [step for step, _ in points], [value for _, value in points]
