"""Checks of a run's or a report's figures, for CI: a metric against a bound, and a report against an earlier one.

They compare single figures. `spacetime-rl gate` plays two builds and says what is proven.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import UsageError

Length = Literal["ignored", "shorter", "longer"]  # is better
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_REQUIREMENT = re.compile(r"\s*(\S+?)\s*(>=|<=|>|<)\s*(\S+)\s*")
# By our name: the places of a figure in what `eval --json` writes, and in the guide's reports.
_FIGURES = {
    "success": (("overall", "success_rate"), ("success_rate",)),
    "return": (("overall", "return_mean"), ("mean_reward",)),
    "length": (("overall", "length_mean"), ("mean_episode_length",)),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One figure that was checked; `found` is None if there is no such figure."""

    name: str
    found: float | None
    expected: str  # in words
    passed: bool
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"name": self.name, "found": self.found, "expected": self.expected, "passed": self.passed}


def check_metrics(metrics: Mapping[str, float], requirements: Sequence[str]) -> list[Check]:
    """Compare metrics with bounds such as `scenario/return_mean>=-10`. A metric that is missing does not pass.

    Raises UsageError for a requirement that is none.
    """
    return [_check(metrics, requirement) for requirement in requirements]


def _check(metrics: Mapping[str, float], requirement: str) -> Check:
    found = _REQUIREMENT.fullmatch(requirement)
    try:
        if found is None:
            raise ValueError
        name, sign, bound = found[1], found[2], float(found[3])
    except ValueError:
        raise UsageError(
            f"--require {requirement}: expected METRIC>=NUMBER, with one of {', '.join(_COMPARE)}; "
            "for example 'scenario/return_mean>=-10'"
        ) from None
    value = metrics.get(name)
    if value is None:
        return Check(name, None, f"{sign} {bound:g}", False, f"there is no such metric{did_you_mean(name, metrics)}")
    return Check(name, value, f"{sign} {bound:g}", _COMPARE[sign](value, bound))


def compare_reports(
    current: Mapping[str, Any], baseline: Mapping[str, Any], tolerance: float, length: Length = "ignored"
) -> list[Check]:
    """Compare a report with an earlier one, figure by figure: those of `eval --json`, or of the guide's scripts.

    A figure may be worse by `tolerance` times the size of the baseline's, whatever its sign; where the baseline's is 0,
    by `tolerance` itself. Success and return are better if they are higher. The length of episodes says nothing by
    itself, and is compared only if `length` says which is better. Raises UsageError if they have no figure in common.
    """
    checks = []
    for name in _FIGURES:
        ours, theirs = _figure(current, name), _figure(baseline, name)
        if ours is None or theirs is None or (name == "length" and length == "ignored"):
            continue
        allowed = tolerance * (abs(theirs) or 1.0)
        lower_is_better = name == "length" and length == "shorter"
        bound = theirs + allowed if lower_is_better else theirs - allowed
        passed = ours <= bound if lower_is_better else ours >= bound
        sign = "<=" if lower_is_better else ">="
        checks.append(Check(name, ours, f"{sign} {bound:.4g} (was {theirs:.4g})", passed))
    if not checks:
        raise UsageError("the reports have neither success nor return in common; expected what `eval --json` writes")
    return checks


def _figure(report: Mapping[str, Any], name: str) -> float | None:
    for path in _FIGURES[name]:
        value: Any = report
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None
