"""Which of two players did better on the same episodes, by the 95 % interval of the difference."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.statistics.intervals import Interval, difference_interval, mean

_MEASURES: tuple[Literal["success", "return"], ...] = ("success", "return")
_FEWEST = 2  # episodes of each player: a variance needs two values


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether one player did better than another: 1 better, -1 worse, 0 not distinguishable; and a few words."""

    sign: int
    figures: str  # such as `success 97.0% against 95.0%`


def compare_reports(one: EvalReport, other: EvalReport, policy: str | None = None) -> Comparison | None:
    """Compare two players by success, and by return if success does not separate them.

    It is done over the agents of one policy, or over all if it is None. Returns None if there are too few episodes.
    """
    last: Comparison | None = None
    for measure in _MEASURES:
        ours, theirs = by_episode(one, policy, measure), by_episode(other, policy, measure)
        if min(len(ours), len(theirs)) < _FEWEST or not _tells(measure, ours, theirs):
            continue
        low, high = _difference(ours, theirs, one.paired and other.paired)
        sign = int(low > 0.0) - int(high < 0.0)
        form = ".1%" if measure == "success" else ".4g"
        figures = f"{measure} {mean(list(ours.values())):{form}} against {mean(list(theirs.values())):{form}}"
        if last is None or sign:
            last = Comparison(sign, figures)
        if sign:
            break
    return last


def _tells(measure: str, ours: Mapping[int, float], theirs: Mapping[int, float]) -> bool:
    """Whether a measure can separate two players: success that neither ever had cannot; many games never report it."""
    return measure != "success" or any(ours.values()) or any(theirs.values())


def _difference(ours: Mapping[int, float], theirs: Mapping[int, float], paired: bool) -> Interval:
    both = ours.keys() & theirs.keys()
    if paired and len(both) >= _FEWEST:
        return difference_interval([ours[number] for number in both], [theirs[number] for number in both], True)
    return difference_interval(list(ours.values()), list(theirs.values()), False)


def by_episode(report: EvalReport, policy: str | None, measure: str) -> dict[int, float]:
    """The mean of a measure over a policy's agents, by episode, in the order of the results."""
    found: dict[int, list[float]] = {}
    for result in report.results:
        value = result.metrics.get(measure)
        if policy in (None, result.policy) and value is not None and math.isfinite(value):
            found.setdefault(result.episode, []).append(value)
    return {episode: mean(values) for episode, values in found.items()}
