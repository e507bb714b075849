"""Two runs side by side: the settings in which they differ, and the difference between their evaluations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spacetime_rl.runs.read import TRAINED, RunRecord
from spacetime_rl.statistics.intervals import Interval, interval_of_difference

_ELSEWHERE = ("results",)  # the place of a run's folder does not change its training


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting whose value differs between the two runs; a value is None if that run lacks the setting."""

    name: str
    values: tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of both evaluations with 95 % intervals.

    `more` is the second run's value minus the first's, and `more_ci` its 95 % interval; None if it cannot be computed.
    """

    policy: str
    name: str
    values: tuple[float | None, float | None]
    intervals: tuple[Interval | None, Interval | None]
    more: float | None
    more_ci: Interval | None

    @property
    def differs(self) -> bool | None:
        """Whether the 95 % interval of the difference excludes 0; None if there is no interval."""
        return None if self.more_ci is None else not self.more_ci[0] <= 0.0 <= self.more_ci[1]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs compared. `same_episodes` is true if both evaluations played the same seeded episodes."""

    runs: tuple[RunRecord, RunRecord]
    settings: tuple[Setting, ...]
    figures: tuple[Figure, ...]
    same_episodes: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "runs": [run.to_dict() for run in self.runs],
            "settings": {setting.name: list(setting.values) for setting in self.settings},
            "same_episodes": self.same_episodes,
            "figures": [
                {
                    "policy": figure.policy,
                    "name": figure.name,
                    "values": list(figure.values),
                    "intervals": [interval and list(interval) for interval in figure.intervals],
                    "difference": figure.more,
                    "difference_ci": figure.more_ci and list(figure.more_ci),
                    "differs": figure.differs,
                }
                for figure in self.figures
            ],
        }


def compare(first: RunRecord, second: RunRecord) -> Comparison:
    """Compare two runs, by their configurations and by the evaluation of their trained policies."""
    old, new = dict(_flat(first.config)), dict(_flat(second.config))
    settings = tuple(
        Setting(key, (old.get(key), new.get(key)))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key) and key not in _ELSEWHERE
    )
    reports = tuple(run.reports.get(TRAINED) or {} for run in (first, second))
    same = all(reports) and all(reports[0].get(key) == reports[1].get(key) for key in ("seed", "episodes", "scenario"))
    return Comparison((first, second), settings, tuple(_figures(*reports)), same)


def _figures(first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Figure]:
    before, after = ({**report.get("policies", {}), "overall": report.get("overall")} for report in (first, second))
    for policy in dict.fromkeys([*before, *after]):
        a, b = before.get(policy) or {}, after.get(policy) or {}
        for name in ("success", "return", "length"):
            value = "success_rate" if name == "success" else f"{name}_mean"
            values = (a.get(value), b.get(value))
            if values != (None, None):
                yield _figure(policy, name, values, (_interval(a, name), _interval(b, name)))


def _figure(
    policy: str, name: str, values: tuple[Any, Any], intervals: tuple[Interval | None, Interval | None]
) -> Figure:
    (old, new), (low, high) = values, intervals
    if old is None or new is None:
        return Figure(policy, name, values, intervals, None, None)
    # From what is kept of an evaluation: as if its episodes were others, so that it is wider than that of pairs.
    more_ci = interval_of_difference(new, high, old, low) if low and high else None
    return Figure(policy, name, values, intervals, new - old, more_ci)


def _interval(report: Mapping[str, Any], name: str) -> Interval | None:
    found = report.get(f"{name}_ci")
    return (float(found[0]), float(found[1])) if found else None


def _flat(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
