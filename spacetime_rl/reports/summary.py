"""The summary of a run: the evaluation of its policies, the places of its files, and commands to try next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.evaluation.comparison import Comparison
from spacetime_rl.evaluation.learned import NOT_EVALUATED, Learned
from spacetime_rl.formats.markdown import plain
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.formats.shell import program, short
from spacetime_rl.notices import Notice
from spacetime_rl.runs.best import Judged, best_folder
from spacetime_rl.runs.layout import RESULTS, RunPaths

MISSING = "\N{EN DASH}"
EVALUATION_STOPPED = "The user stopped the evaluation; the trained policies are exported and recorded."


@dataclass(frozen=True, slots=True)
class PolicyFiles:
    """An exported policy. `parity` is the largest difference from the network it was exported from."""

    name: str
    onnx: Path
    schema: Path
    parity: float


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The summary of a run. `reports` holds `EvalReport.to_dict()` by player: `trained`, `heuristic`, `random`.

    `comparisons` compare the trained policies with each other player, as the champion of a sweep.
    `notices` are the warnings and facts of all its processes, with their counts. `run_url` is the run's page in MLflow,
    and `page_command` the command that serves it; None if a server does. `unrecorded` is true if MLflow has not
    recorded the whole run.
    """

    run_id: str
    scenario: str
    folder: Path
    agent_steps: int
    training_s: float
    reports: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    policies: Sequence[PolicyFiles] = ()
    run_url: str | None = None
    page_command: str | None = None
    unrecorded: bool = False
    interrupted: bool = False
    evaluation_stopped: bool = False
    notices: Sequence[Notice] = ()
    learned: Learned = NOT_EVALUATED
    trial_id: str = ""  # the trial whose policies these are: of a sweep, the best one
    is_candidate: bool = True  # whether the policies took the alias `candidate`
    advice: Sequence[str] = ()  # a sentence each
    best: Judged | None = None  # the checkpoint that did best while the run trained; of a sweep, that of all trials

    @property
    def stopped(self) -> bool:
        """Whether the user stopped the run, in training or in its evaluation."""
        return self.interrupted or self.evaluation_stopped

    def best_to_dict(self) -> dict[str, Any] | None:
        """The best checkpoint as plain JSON data, with the place where it is kept."""
        best = self.best
        return None if best is None else {**asdict(best), "checkpoint": str(best_folder(self.folder, best))}

    @property
    def judged(self) -> tuple[str, ...]:
        """The policies that were evaluated, in the order of the first report."""
        return tuple(dict.fromkeys(policy for report in self.reports.values() for policy in report["policies"]))

    @property
    def has_success(self) -> bool:
        """Whether the game reports success; otherwise policies are compared by their return."""
        found = (figures for report in self.reports.values() for figures in report["policies"].values())
        return any(figures.get("success_rate") is not None for figures in found)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "run_id": self.run_id,
            "scenario": self.scenario,
            "folder": str(self.folder),
            "trial": self.trial_id,
            "agent_steps": self.agent_steps,
            "training_s": self.training_s,
            "interrupted": self.interrupted,
            "evaluation_stopped": self.evaluation_stopped,
            "learned": self.learned.learned,
            "learned_reason": self.learned.reason,
            "below": self.learned.below,
            "candidate": self.is_candidate,
            "advice": list(self.advice),
            "evaluation": {source: dict(report) for source, report in self.reports.items()},
            "compared": {name: asdict(comparison) for name, comparison in self.comparisons.items()},
            "policies": {
                policy.name: {"onnx": str(policy.onnx), "schema": str(policy.schema), "parity": policy.parity}
                for policy in self.policies
            },
            "best": self.best_to_dict(),
            "notices": [notice.to_dict() for notice in self.notices],
            "mlflow": {"url": self.run_url, "page_command": self.page_command, "complete": not self.unrecorded},
            "next": [command for command, _ in suggestions(self)],
        }


def best_sentence(summary: RunSummary) -> str:
    """What is known of the best checkpoint, in a sentence; empty if none was evaluated while the run trained."""
    best = summary.best
    if best is None:
        return ""
    success, gained = best.figures.get(metrics.SUCCESS), best.figures.get(metrics.RETURN)
    figures = [f"success {success:.0%}"] * (success is not None) + [f"return {gained:.4g}"] * (gained is not None)
    whose = f" of trial {best.trial_id}" if RunPaths(summary.folder).sweep.is_file() else ""
    return (
        f"Best checkpoint{whose}: at {best.agent_steps:,} agent steps, {', '.join(figures)} in {best.episodes} other "
        "episodes while it trained"
    )


def best_command(summary: RunSummary) -> str:
    """The command that exports the best checkpoint."""
    return f"{program('spacetime-rl')} export {shlex.quote(summary.run_id)} --best -o best{results_option(summary)}"


def write_summary(summary: RunSummary) -> Path:
    """Write `summary.md`, `summary.json` and `evaluation.json` into the run's `report/`; returns the first."""
    paths = RunPaths(summary.folder)
    paths.report.mkdir(parents=True, exist_ok=True)
    _write_json(paths.summary, summary.to_dict())
    if summary.reports:
        _write_json(paths.evaluation, summary.to_dict()["evaluation"])
    paths.summary_page.write_text(to_markdown(summary), encoding="utf-8")
    return paths.summary_page


def to_markdown(summary: RunSummary) -> str:
    """The summary as a page of Markdown."""
    commands = [f"# {what}\n{command}" for command, what in suggestions(summary)]
    return "\n".join([f"# {plain(summary.run_id)}", "", to_note(summary), "Next:", "", "```sh", *commands, "```", ""])


def to_note(summary: RunSummary) -> str:
    """The note at the top of the run's page in MLflow, which folds it after a few lines."""
    lines = []
    if summary.reports:
        lines += [f"| policy | {' | '.join(summary.reports)} |", "|---|" + "---:|" * len(summary.reports)]
        lines += [f"| {name} | {' | '.join(figures)} |" for name, figures in comparison(summary)]
        lines += ["", f"{evaluated_on(summary)}; {headline(summary)}."]
        lines += ["", *(f"**{note}**" for note in bounds(summary))]
    else:
        lines += [f"Not evaluated; {headline(summary)}."]
    if summary.notices:
        marked = ((notice.line, "Warning: " if notice.is_warning else "") for notice in summary.notices)
        lines += ["", *(f"- {mark}{plain(line)}" for line, mark in marked)]
    lines += ["", *(f"**{sentence}**" for sentence in shortcomings(summary))]
    lines += ["", *(f"- {sentence}" for sentence in summary.advice)]
    lines += ["", f"{best_sentence(summary)}."] if summary.best else []
    lines += ["", *(f"- `{policy.onnx.name}` is {parity_of(policy)}" for policy in summary.policies), ""]
    return "\n".join(lines)


def shortcomings(summary: RunSummary) -> list[str]:
    """Sentences that state that the policies did not learn, or not enough; empty if they did."""
    found = summary.learned
    if found.learned is None and bounds(summary):
        return [f"Whether these policies learned is not known: {found.reason}."]
    if found.is_success:
        return []
    what = "These policies did not learn" if found.learned is False else "These policies are not good yet"
    kept = "" if summary.is_candidate else " An earlier version did better, and keeps the alias `candidate`."
    return [f"{what}: {found.reason}.{kept}"]


def bounds(summary: RunSummary) -> list[str]:
    """A sentence for every player whose evaluation ended before all its episodes were finished."""
    return [f"{name}: {report['bounded']['note']}" for name, report in summary.reports.items() if "bounded" in report]


def suggestions(summary: RunSummary) -> list[tuple[str, str]]:
    """Three commands to try next, each with a description."""
    ours = program("spacetime-rl")
    run = shlex.quote(summary.run_id)
    results = results_option(summary)
    verb = "sweep" if RunPaths(summary.folder).sweep.is_file() else "train"
    judge = (f"{ours} eval {run} --seed 1{results}", "evaluate the policies on other episodes")
    files = (f"{ours} export {run} -o policies{results}", "put the ONNX files where your game takes them from")
    if summary.interrupted:
        return [(f"{ours} {verb} --resume {run}{results}", "continue this run"), judge, files]
    if summary.evaluation_stopped:
        return [(f"{ours} {verb} --resume {run}{results}", "evaluate the trained policies after all"), judge, files]
    if not summary.learned.is_success:
        file = shlex.quote(str(short(RunPaths(summary.folder).config)))
        longer = f"--initialize-from {run} --set stop.agent_steps={4 * summary.agent_steps}{results}"
        other = (f"{ours} train {file} {longer}", "train these policies four times as long")
        return [other, judge, files]
    if summary.scenario == "vr_interaction":
        other = (f"{ours} train vr_interaction_gather", "train another objective of the same scenario")
    else:
        other = (f"{ours} train {shlex.quote(str(short(RunPaths(summary.folder).config)))} --seed 1", "train once more")
    return [judge, files, other]


def _write_json(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(to_json(document, indent=2) + "\n", encoding="utf-8")


def headline(summary: RunSummary) -> str:
    """The length of the training in agent steps and time."""
    minutes, seconds = divmod(round(summary.training_s), 60)
    duration = f"{minutes}:{seconds:02} min" if minutes else f"{seconds} s"
    how = "stopped by the user after" if summary.interrupted else "trained for"
    return f"{how} {summary.agent_steps:,} agent steps in {duration}"


def evaluated_on(summary: RunSummary) -> str:
    """The kind of figures in the comparison, and the episodes they are from."""
    report = next(iter(summary.reports.values()))
    figures: Mapping[str, Any] = next(iter(report["policies"].values()), {})
    episodes = report.get("episodes", figures.get("episodes", MISSING))
    what = "Success with 95 % intervals" if summary.has_success else "Mean return"
    return f"{what}, the same {episodes} episodes for all (seed {figures.get('seed', MISSING)})"


def comparison(summary: RunSummary) -> Iterator[tuple[str, list[str]]]:
    """The rows of the comparison: each policy, then each task; with its name and a figure for each player."""
    for policy in summary.judged:
        yield policy, _row(summary, "policies", policy)
    for task in dict.fromkeys(task for report in summary.reports.values() for task in report.get("tasks", {})):
        yield f"task {task}", _row(summary, "tasks", task)


def _row(summary: RunSummary, kind: str, name: str) -> list[str]:
    figures = (report.get(kind, {}).get(name, {}) for report in summary.reports.values())
    return [_success(found) if summary.has_success else _return(found) for found in figures]


def _success(figures: Mapping[str, Any]) -> str:
    rate, interval = figures.get("success_rate"), figures.get("success_ci")
    if rate is None:
        return MISSING
    if interval is None:
        return f"{rate:.0%}"
    low, high = (round(100 * bound) for bound in interval)
    return f"{rate:.0%} ({low}{MISSING}{high})"


def _return(figures: Mapping[str, Any]) -> str:
    value = figures.get("return_mean")
    return MISSING if value is None else f"{value:.2f}"


def parity_of(policy: PolicyFiles) -> str:
    """The largest difference between an exported policy and its network, in words."""
    return f"within {policy.parity:.1e} of torch"


def results_option(summary: RunSummary) -> str:
    """The `--results` option that commands need to find the run; empty for the default results folder."""
    return f" --results {shlex.quote(str(short(summary.folder.parent)))}" if _is_elsewhere(summary) else ""


def _is_elsewhere(summary: RunSummary) -> bool:
    return summary.folder.parent.absolute() != RESULTS.absolute()
