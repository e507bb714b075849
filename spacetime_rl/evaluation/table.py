"""Evaluations as a table for people: policies in rows, players in columns."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from spacetime_rl.evaluation.report import EvalReport, PolicyReport
from spacetime_rl.statistics.intervals import Interval

MISSING = "\N{EN DASH}"


def compare(reports: Sequence[EvalReport]) -> Table:
    """A table of success with 95 % intervals, return and length of every policy, for players of the same episodes.

    With a single player the game's own metrics follow.
    """
    first = reports[0]
    title = Text.assemble((first.scenario, "bold"), f": {first.episodes} episodes of seed {first.seed}")
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="")
    table.add_column("POLICY", no_wrap=True)
    table.add_column("")
    for report in reports:
        table.add_column(report.source, justify="right")
    for i, policy in enumerate(first.policies):
        _add(table, policy.policy, [report.policies[i] for report in reports])
    for i, task in enumerate(first.tasks):
        _add(table, f"task {task.policy}", [report.tasks[i] for report in reports])
    _add(table, "overall", [report.overall for report in reports])
    return table


def _add(table: Table, name: str, found: Sequence[PolicyReport]) -> None:
    for i, (what, cells) in enumerate(_rows(found).items()):
        table.add_row(name if i == 0 else "", what, *cells)
    table.add_section()


def _rows(found: Sequence[PolicyReport]) -> dict[str, list[str]]:
    rows = {
        "success": [_share(report.success_rate, report.success_ci) for report in found],
        "all succeed": [_share(report.episode_success_rate, report.episode_success_ci) for report in found],
        "return": [_number(report.return_mean, ".2f") for report in found],
        "length": [_number(report.length_mean, ".1f") for report in found],
    }
    if rows["all succeed"] == rows["success"]:  # episodes with one agent have equal rows
        del rows["all succeed"]
    if len(found) == 1:
        rows |= {name: [f"{value:.3g}"] for name, value in found[0].metrics.items()}
    return rows


def _number(value: float | None, form: str) -> str:
    return MISSING if value is None else format(value, form)


def _share(rate: float | None, interval: Interval | None) -> str:
    if rate is None or interval is None:
        return MISSING
    low, high = interval
    return f"{rate:.1%} [{low:.1%}, {high:.1%}]"
