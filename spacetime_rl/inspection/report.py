"""The result of an inspection as data and as tables: statistics by policy and field, and the findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import fsum
from typing import Any

import numpy as np
from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from spacetime_rl.config import RunConfig
from spacetime_rl.inspection.columns import Columns
from spacetime_rl.inspection.entities import EntityList
from spacetime_rl.inspection.findings import Finding, Part, find, parts_of, parts_of_entities
from spacetime_rl.inspection.sample import PolicySample, Sample

_STYLES = {"fault": "bold red", "warning": "yellow", "note": "dim"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Statistics of a field: extremes over all columns, and means over columns of mean, std and share of zeros."""

    size: int
    min: float
    mean: float
    std: float
    max: float
    zeros: float


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of `inspect`."""

    scenario: str
    decisions: int
    elapsed_s: float
    policies: Mapping[str, Mapping[str, Any]]
    findings: Sequence[Finding]

    @property
    def faulty(self) -> bool:
        """Whether the game sent values that no training can use, such as NaN."""
        return any(finding.severity == "fault" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "scenario": self.scenario,
            "decisions": self.decisions,
            "elapsed_s": round(self.elapsed_s, 3),
            "policies": {name: dict(found) for name, found in self.policies.items()},
            "findings": [asdict(finding) for finding in self.findings],
        }


def make_report(sample: Sample, config: RunConfig) -> Inspection:
    """Summarise a sample."""
    policies = {policy.plan.name: _describe(policy) for policy in sample.policies}
    return Inspection(sample.spec.scenario, sample.decisions, sample.elapsed_s, policies, find(sample, config))


def show(report: Inspection) -> Iterator[RenderableType]:
    """The report for people, a table for each policy."""
    yield Text.assemble(
        (report.scenario, "bold"), f": {report.decisions:,} random decisions in {report.elapsed_s:.1f} s"
    )
    for name, found in report.policies.items():
        yield _table(name, found)
        yield Text(f"  {_episodes(found)}", style="dim")
    yield Text()
    if not report.findings:
        yield Text("Nothing looks wrong.", style="green")
    for finding in report.findings:
        yield Text.assemble((f"{finding.severity:8}", _STYLES[finding.severity]), f"{finding.where}: {finding.text}")


def _describe(policy: PolicySample) -> dict[str, Any]:
    columns = policy.observations
    observations: dict[str, Any] = {}
    lists = {entities.field.name: entities for entities in policy.entities}
    for part in parts_of(policy) if columns.rows else ():
        if part.entities:
            observations |= _entities(lists[part.name])
        else:
            observations[part.name] = _plain_figures(columns, part)
    names = [name for name in policy.ended if name not in ("episode", "task")]
    means = {name: fsum(policy.ended[name]) / len(policy.ended[name]) for name in names}
    return {
        "agents": len(policy.plan.agents),
        "observations": observations,
        "reward": asdict(_figures(policy.rewards, slice(0, 1))) if policy.rewards.rows else None,
        "episodes": {
            "finished": policy.episodes,
            "truncated": policy.truncated,
            "length": _spread(policy.ended.get("length", ())),
            "return": _spread(policy.ended.get("return", ())),
            "metrics": {name: value for name, value in means.items() if name not in ("length", "return")},
        },
        "idle_actions": list(policy.idle_actions),
    }


def _entities(entities: EntityList) -> dict[str, Any]:
    """The number of entities by the list's name, with its size, and by column the numbers of those that were there."""
    count = replace(_figures(entities.count, slice(0, 1)), size=entities.field.size)
    parts = parts_of_entities(entities) if entities.numbers.rows else ()
    return {entities.field.name: asdict(count)} | {part.name: _plain_figures(entities.numbers, part) for part in parts}


def _plain_figures(columns: Columns, part: Part) -> dict[str, Any]:
    return asdict(_figures(columns, slice(part.begin, part.begin + part.size)))


def _figures(columns: Columns, own: slice) -> Figures:
    return Figures(
        int(own.stop - own.start),
        float(columns.low[own].min()),
        float(columns.mean[own].mean()),
        float(columns.std[own].mean()),
        float(columns.high[own].max()),
        float(columns.zero_shares[own].mean()),
    )


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    return {"min": min(values), "mean": fsum(values) / len(values), "std": float(np.std(values)), "max": max(values)}


def _table(name: str, found: Mapping[str, Any]) -> Table:
    agents = found["agents"]
    title = Text.assemble((name, "bold"), f", {agents} agent{'s' if agents > 1 else ''}")
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="", pad_edge=False)
    for heading in ("", "size", "min", "mean", "std", "max", "zeros"):
        table.add_column(heading, justify="right" if heading else "left", overflow="fold")
    for field, figures in found["observations"].items():
        table.add_row(field, *_cells(figures))
    table.add_section()
    if found["reward"]:
        table.add_row("reward", *_cells(found["reward"]))
    for what in ("return", "length"):
        spread = found["episodes"][what]
        if spread:
            cells = [_number(spread[key]) for key in ("min", "mean", "std", "max")]
            table.add_row(f"{what} of an episode", "", *cells, "")
    for metric, value in found["episodes"]["metrics"].items():
        if metric.startswith("reward/"):
            table.add_row(f"  {metric}", "", "", _number(value), "", "", "")
    return table


def _cells(figures: Mapping[str, Any]) -> list[str]:
    numbers = [_number(figures[key]) for key in ("min", "mean", "std", "max")]
    return [str(figures["size"]), *numbers, f"{figures['zeros']:.0%}"]


def _number(value: float) -> str:
    """Three significant digits and at most three decimal places, to fit a narrow column."""
    return f"{value:.3g}" if abs(value) >= 1.0 or value == 0.0 else f"{value:.3f}"


def _episodes(found: Mapping[str, Any]) -> str:
    episodes = found["episodes"]
    if not episodes["finished"]:
        return "no episode ended"
    total, cut = episodes["finished"], episodes["truncated"]
    return f"{total} episodes of its agents ended: {total - cut} by themselves, {cut} at a limit"
