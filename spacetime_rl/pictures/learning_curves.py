"""Draw the learning curves of policies as PNG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl import metrics
from spacetime_rl.pictures.style import BLUE, GREEN, PURPLE, VERMILION, canvas, grid
from spacetime_rl.runs.layout import curves_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_SUCCESS = "Episodes that succeed"
_OUTCOMES = (
    (metrics.RETURN, "Return of an episode", BLUE),
    (metrics.SUCCESS, _SUCCESS, GREEN),
    (metrics.LENGTH, "Decisions in an episode", VERMILION),
)
# Metrics of the learner; the first three that the algorithm reports are drawn.
_LEARNING = (
    ("entropy", "Entropy", PURPLE),
    ("kl", "KL divergence of an update", PURPLE),
    ("explained_variance", "Explained variance", PURPLE),
    ("q_loss", "Loss of the Q values", PURPLE),
    ("q_mean", "Mean Q value", PURPLE),
    ("alpha", "Temperature (alpha)", PURPLE),
    ("epsilon", "Share of random actions (epsilon)", PURPLE),
)
_COLUMNS = 3
_LESSON_LINE: dict[str, Any] = {"color": "#555555", "linestyle": (0, (4, 3)), "linewidth": 1.2}


def plot_policies(progress: Sequence[Mapping[str, Any]], title: str, folder: Path) -> list[Path]:
    """Draw the learning curves of every policy in `progress` as `folder/learning_<policy>.png`. Returns the files."""
    files = {policy: curves_file(folder, policy) for policy in metrics.policies_in(*progress)}
    return [plot_learning_curves(progress, policy, title, file) for policy, file in files.items()]


def plot_learning_curves(progress: Sequence[Mapping[str, Any]], policy: str, title: str, out: Path) -> Path:
    """Draw the learning curves of one policy and write them to `out` as PNG (1500 x 800 pixels). Returns `out`.

    `progress` holds the results of a trial in order, by public metric name (`policy/<p>/return_mean` …). Every panel
    shows the raw values in a light colour and a smoothed line, against agent steps, or the text `no values`. Dashed
    lines mark the beginning of a curriculum's lessons.
    """
    with canvas(f"{policy}  ·  {title}", out, 1500, 800) as figure:
        begun = promotions(progress)
        panels = figure.subplots(2, _COLUMNS, sharex=True)
        for axes, (name, label, colour) in zip(panels.flat, choose_curves(progress, policy), strict=True):
            _draw(axes, *_series(progress, metrics.of_policy(policy, name)), label, colour)
            _mark_lessons(axes, begun)
        for axes in panels[1]:
            axes.set_xlabel("agent steps")
        _scale(panels)
        if begun:
            figure.legend(handles=_lesson_key(begun), loc="outside lower left", ncols=6, frameon=False)
    return out


def choose_curves(progress: Sequence[Mapping[str, Any]], policy: str) -> list[tuple[str, str, str]]:
    """The curves to draw for a policy, each with name, title and colour."""
    reported = [curve for curve in _LEARNING if _series(progress, metrics.of_policy(policy, curve[0]))[0]]
    missing = [curve for curve in _LEARNING if curve not in reported]
    return [*_OUTCOMES, *[*reported, *missing][:_COLUMNS]]


def promotions(progress: Sequence[Mapping[str, Any]]) -> list[tuple[float, str]]:
    """The agent steps at which each lesson after the first began, and its name; empty without a curriculum.

    Names come from the success rates, which results hold for all lessons so far, in order.
    """
    lessons = dict(enumerate(metrics.lessons_in(*progress)))
    found: list[tuple[float, str]] = []
    for before, result in pairwise(r for r in progress if metrics.LESSON_NUMBER in r):
        number = int(result[metrics.LESSON_NUMBER])
        if number != before[metrics.LESSON_NUMBER]:
            found.append((float(metrics.Result(result).agent_steps), lessons.get(number, "just begun")))
    return found


def smooth(values: Sequence[float], share: float = 0.05) -> list[float]:
    """A moving average whose window extends `share` of all values to either side.

    The window is centred, so that the line does not lag; it shrinks towards both ends and stays centred there.
    """
    reach = max(1, round(share * len(values)))
    windows = (values[i - half : i + half + 1] for i, half in _halves(len(values), reach))
    return [sum(window) / len(window) for window in windows]


def _mark_lessons(axes: Axes, begun: Sequence[tuple[float, str]]) -> None:
    """Draw a dashed line at the beginning of each lesson, with its number."""
    beside: dict[str, Any] = {"xytext": (3, 3), "textcoords": "offset points", "fontsize": 9}
    for number, (steps, _) in enumerate(begun, start=2):
        axes.axvline(steps, **_LESSON_LINE)
        axes.annotate(str(number), (steps, 0.0), xycoords=axes.get_xaxis_transform(), **beside)


def _lesson_key(begun: Sequence[tuple[float, str]]) -> list[Line2D]:
    from matplotlib.lines import Line2D

    names = [f"lesson {number}: {name}" for number, (_, name) in enumerate(begun, start=2)]
    return [Line2D([], [], label=name, **_LESSON_LINE) for name in names]


def _halves(count: int, reach: int) -> Iterator[tuple[int, int]]:
    return ((i, min(reach, i, count - 1 - i)) for i in range(count))


def _draw(axes: Axes, steps: list[float], values: list[float], label: str, colour: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axes.set_title(label, loc="left", fontsize=12)
    grid(axes)
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
    points = metrics.curve(progress, name)
    return [float(steps) for steps, _ in points], [value for _, value in points]
