"""What a gate found: the verdict, and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spacetime_rl.config.gate import GateConfig
from spacetime_rl.statistics.paired import Difference
from spacetime_rl.statistics.verdict import Measure, Outcome


@dataclass(frozen=True, slots=True)
class Compared:
    """The means of one measure over what both builds played, and their paired difference; of costs, the ratio."""

    build: float
    base: float
    difference: Difference
    is_ratio: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        found, name = self.difference, "ratio" if self.is_ratio else "difference"
        return {
            "build": self.build,
            "base": self.base,
            name: found.value,
            f"{name}_ci": [found.low, found.high],
            "p": found.p,
        }


@dataclass(frozen=True, slots=True)
class MeasureReport:
    """One measure that was judged. `p_worse` is corrected for all measures and looks."""

    measure: Measure
    outcome: Outcome
    compared: Compared
    p_worse: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "verdict": self.outcome,
            "better": self.measure.better,
            "margin": self.measure.margin,
            "relative": self.measure.relative or self.measure.kind == "cost",
            "p_worse": self.p_worse,
            **self.compared.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class NewFinding:
    """What is wrong with the build and not with the base."""

    key: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"key": self.key, "message": self.message}


@dataclass(frozen=True, slots=True)
class GateReport:
    """The verdict, and the figures behind it: `build` is ours, `base` theirs.

    `measures` are what decided. A build with new findings, or one that fails again and again in a round that the base
    finished, is a regression, too: `fault` is how it failed, and there are figures of earlier rounds only. `differing`
    counts the episodes in which the builds did not do the same; it is None in a game that does not replay, where the
    builds never play the same one. `warnings` change no verdict. `false_alarms` is the
    share of gates of equal builds, made of the episodes of a self-check, that end as a regression.
    """

    outcome: Outcome
    episodes: int
    differing: int | None
    more_episodes: int | None
    settings: GateConfig
    measures: tuple[MeasureReport, ...] = ()
    success: Compared | None = None
    returns: Compared | None = None
    cpu: Compared | None = None
    fault: str = ""
    findings: tuple[NewFinding, ...] = ()
    warnings: tuple[str, ...] = ()
    false_alarms: float | None = None

    @property
    def paired(self) -> bool:
        """Whether both builds played the same episodes."""
        return self.differing is not None

    @property
    def measure(self) -> str:
        """The names of what decided."""
        return ", ".join(one.measure.name for one in self.measures)

    @property
    def sentence(self) -> str:
        """The verdict for people."""
        if self.fault:
            return f"the build failed again and again where the base did not: {self.fault}"
        if self.findings:
            return "new on the build: " + "; ".join(finding.message for finding in self.findings)
        found = f"in {self.episodes} episodes, {self.differing} of which ended differently"
        if not self.paired:
            found = f"in {self.episodes} episodes of each, unpaired, because this game does not replay"
        if self.outcome == "pass":
            return f"not worse {self._margins()} or more, {found}"
        if self.outcome == "regression":
            worse = ", ".join(one.measure.name for one in self.measures if one.outcome == "regression")
            return f"worse than the base in {worse}, {found}"
        more = "nobody can say how many more" if self.more_episodes is None else f"about {self.more_episodes:,} more"
        unsettled = ", ".join(one.measure.name for one in self.measures if one.outcome == "inconclusive")
        what = f" on {unsettled}" if len(self.measures) > 1 else ""
        return f"not decided{what} {found}; {more} would decide"

    def _margins(self) -> str:
        parts = []
        for one in self.measures:
            measure = one.measure
            if measure.kind in ("rate", "wins"):
                parts.append(f"by {measure.margin:.1%} of the episodes")
            elif measure.kind == "cost" or measure.relative:
                parts.append(f"by {measure.margin:.1%} in {measure.name}")
            else:
                parts.append(f"by {measure.margin:g} in {measure.name}")
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "format": 1,
            "verdict": self.outcome,
            "sentence": self.sentence,
            "measure": self.measure,
            "margin": self.settings.margin,
            "alpha": self.settings.alpha,
            "seed": self.settings.seed,
            "episodes": self.episodes,
            "paired": self.paired,
            "differing": self.differing,
            "more_episodes": self.more_episodes,
            "success": _data(self.success),
            "return": _data(self.returns),
            "cpu_ms_a_tick": _data(self.cpu),
            "measures": {one.measure.name: one.to_dict() for one in self.measures},
            "fault": self.fault,
            "findings": [finding.to_dict() for finding in self.findings],
            "warnings": list(self.warnings),
            "false_alarms": self.false_alarms,
        }


def _data(found: Compared | None) -> Mapping[str, Any] | None:
    return found.to_dict() if found else None
