"""Ranks the settings that a sweep tried: means over seeds, and a Pareto front if there are several objectives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from spacetime_rl.config.sweep import Objective
from spacetime_rl.statistics.intervals import mean, student_interval

SEED = "seed"


class Ended(Protocol):
    """A trial that has ended."""

    @property
    def trial_id(self) -> str: ...  # noqa: D102
    @property
    def drawn(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def result(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Score:
    """A metric's mean over the trials with the same settings, with its 95 % interval if there are several seeds."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """The same settings, trained with one seed or several. `trials` begins with the best trial."""

    values: Mapping[str, Any]
    trials: tuple[str, ...]
    scores: Mapping[str, Score]  # by metric
    on_front: bool  # no other candidate is better in one objective and at least as good in all others


def rank(ends: Sequence[Ended], goals: Sequence[Objective]) -> list[Candidate]:
    """The candidates that have every metric, best first: the Pareto front before the rest, by the first objective."""
    groups: dict[str, list[Ended]] = {}
    for end in ends:
        if all(_is_figure(end.result.get(goal.metric)) for goal in goals):
            groups.setdefault(repr(sorted(_values(end).items(), key=repr)), []).append(end)
    found = [_judge(group, goals) for group in groups.values()]
    front = [not any(_beats(other, one, goals) for other in found) for one in found]
    candidates = [
        Candidate(one.values, one.trials, one.scores, on_front) for one, on_front in zip(found, front, strict=True)
    ]
    return sorted(candidates, key=lambda one: (not one.on_front, -_signed(one, goals[0])))


def _judge(group: Sequence[Ended], goals: Sequence[Objective]) -> Candidate:
    scores = {goal.metric: _score([float(end.result[goal.metric]) for end in group]) for goal in goals}
    first = goals[0]
    best_first = sorted(group, key=lambda end: end.result[first.metric], reverse=first.mode == "max")
    return Candidate(_values(group[0]), tuple(end.trial_id for end in best_first), scores, False)


def _score(values: Sequence[float]) -> Score:
    return Score(mean(values), *student_interval(values))


def _beats(one: Candidate, other: Candidate, goals: Sequence[Objective]) -> bool:
    pairs = [(_signed(one, goal), _signed(other, goal)) for goal in goals]
    return all(a >= b for a, b in pairs) and any(a > b for a, b in pairs)


def _signed(one: Candidate, goal: Objective) -> float:
    mean = one.scores[goal.metric].mean
    return mean if goal.mode == "max" else -mean


def _values(end: Ended) -> dict[str, Any]:
    return {key: value for key, value in end.drawn.items() if key != SEED and not key.startswith("__")}


def _is_figure(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
