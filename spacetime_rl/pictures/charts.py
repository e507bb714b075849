"""Draw one chart for each metric of a run: a line for each policy, and in a sweep for each trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl import metrics
from spacetime_rl.pictures.learning_curves import plot_policies, smooth
from spacetime_rl.pictures.style import MANY, canvas, grid
from spacetime_rl.pictures.sweep_file import read_drawn_sweep
from spacetime_rl.runs.best import Judged, read_judged
from spacetime_rl.runs.layout import RunPaths, file_name
from spacetime_rl.runs.read import RunRecord
from spacetime_rl.runs.result_log import read_all_progress

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Results = Sequence[Mapping[str, Any]]
_MOST_NAMED = 12  # lines that a chart's legend names


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a chart: agent steps and values. `label` is empty for the only line."""

    label: str
    points: Sequence[tuple[int, float]]


def draw_run(run: RunRecord) -> list[Path]:
    """Draw the learning curves of a run and a chart of each of its metrics. Returns the files; empty without results.

    The run may still be going on. In a sweep the learning curves are those of the best trial, or of the longest one
    while the sweep goes on, and the page about all trials is drawn once it has ended.
    """
    trials = read_all_progress(run.paths.results)
    if not trials:
        return []
    shown = str(run.summary.get("trial", ""))
    curves = trials.get(shown) or max(trials.values(), key=len)
    files = plot_policies(curves, run.run_id, run.paths.report)
    drawn = {**evaluation_charts(read_judged(run.folder)), **charts(trials)}
    folder = RunPaths(run.folder).charts
    files += [
        draw_chart(lines, f"{name}  ·  {run.run_id}", folder / f"{file_name(name)}.png")
        for name, lines in drawn.items()
    ]
    sweep = read_drawn_sweep(run.folder)
    return files if sweep is None else [*files, sweep.draw(run.folder)]


def evaluation_charts(judged: Sequence[Judged]) -> dict[str, list[Line]]:
    """The lines of the charts of evaluations in training, at the agent steps of the checkpoints they are of."""
    trials = list(dict.fromkeys(one.trial_id for one in judged))
    found: dict[str, list[Line]] = {}
    for trial, name in product(trials, metrics.OUTCOMES):
        values = ((one.agent_steps, metrics.finite(one.figures.get(name))) for one in judged if one.trial_id == trial)
        points = [(steps, value) for steps, value in sorted(values) if value is not None]
        if points:
            line = Line(_trial_label(trial, len(trials)), points)
            found.setdefault(metrics.of_evaluation(name), []).append(line)
    return found


def charts(trials: Mapping[str, Results]) -> dict[str, list[Line]]:
    """The lines of every chart, by the metric's name: `policy_loss` for all `policy/<p>/policy_loss`.

    Metrics that are no policy's keep their whole names. Metrics without a finite value are left out.
    """
    found: dict[str, list[Line]] = {}
    for trial, results in trials.items():
        for name in dict.fromkeys(name for result in results for name in result if _is_drawn(name)):
            points = metrics.curve(results, name)
            if points:
                chart, policy = metrics.without_policy(name)
                label = " ".join(filter(None, [_trial_label(trial, len(trials)), policy]))
                found.setdefault(chart, []).append(Line(label, points))
    return dict(sorted(found.items(), key=lambda each: _rank(each[0])))


def draw_chart(lines: Sequence[Line], title: str, out: Path) -> Path:
    """Draw a chart and write it to `out` as PNG (1000 x 560 pixels). Returns `out`.

    Each line is drawn as it is in a light colour, and smoothed in a strong one.
    """
    from matplotlib.ticker import EngFormatter

    with canvas(title, out, 1000, 560) as figure:
        axes = figure.subplots()
        grid(axes)
        for number, line in enumerate(lines):
            _draw(axes, line, MANY[number % len(MANY)])
        axes.set_xlabel("agent steps")
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(EngFormatter(sep=" "))
        if len(lines) > 1:
            few = axes.get_legend_handles_labels()
            axes.legend(*(part[:_MOST_NAMED] for part in few), frameon=False, fontsize=10)
    return out


def _draw(axes: Axes, line: Line, colour: str) -> None:
    steps, values = zip(*line.points, strict=True)
    axes.plot(steps, values, color=colour, alpha=0.3, linewidth=1.1)
    dot = "o" if len(values) == 1 else None
    axes.plot(steps, smooth(values), color=colour, linewidth=2.2, marker=dot, label=line.label)


def _trial_label(trial: str, trials: int) -> str:
    """A trial's number, or nothing if there is no other trial."""
    return trial.rpartition("_")[2] if trials > 1 else ""


def _is_drawn(name: str) -> bool:
    """Whether a metric has a chart of its own: results repeat evaluations, which have theirs from their own file."""
    return name.startswith(metrics.GROUPS) and not metrics.is_of_evaluation(name)


def _rank(chart: str) -> tuple[int, str]:
    """What policies are judged by comes first, then what learners report, then everything else."""
    learner = [metric.name for metric in metrics.LEARNER]
    first = [*metrics.OUTCOMES, *learner]
    return (first.index(chart) if chart in first else len(first), chart)
