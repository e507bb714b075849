"""Which candidate of a sweep is best."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from spacetime_rl.config.sweep import Objective
from spacetime_rl.tuning.ranking import rank

SUCCESS = Objective(metric="scenario/success_rate")
COMFORT = Objective(metric="scenario/comfort_score")
LENGTH = Objective(metric="scenario/length_mean", mode="min")


@dataclass
class End:
    trial_id: str
    drawn: dict[str, Any]
    result: dict[str, Any] = field(default_factory=dict)


def end(trial: str, success: float | None = None, comfort: float = 0.0, **drawn: Any) -> End:
    result = {} if success is None else {SUCCESS.metric: success, COMFORT.metric: comfort, LENGTH.metric: success}
    return End(trial, drawn, result)


def test_the_best_comes_first_and_what_was_never_judged_is_left_out() -> None:
    ends = [end("a", 0.2, lr=1), end("b", 0.9, lr=2), end("c", None, lr=3), end("d", float("nan"), lr=4)]

    assert [candidate.trials for candidate in rank(ends, [SUCCESS])] == [("b",), ("a",)]
    assert [candidate.trials for candidate in rank(ends, [LENGTH])] == [("a",), ("b",)]


def test_seeds_are_averaged_and_give_an_interval() -> None:
    ends = [end("a0", 0.5, lr=1, seed=0), end("a1", 0.7, lr=1, seed=1), end("b0", 0.55, lr=2, seed=0)]

    best, other = rank(ends, [SUCCESS])

    assert (best.values, best.trials) == ({"lr": 1}, ("a1", "a0"))
    score = best.scores[SUCCESS.metric]
    assert score.mean == pytest.approx(0.6)
    # Student's t for one degree of freedom is 12.706, the standard error 0.1.
    assert (score.low, score.high) == pytest.approx((0.6 - 1.2706, 0.6 + 1.2706), abs=1e-3)
    assert other.scores[SUCCESS.metric].low == other.scores[SUCCESS.metric].high == 0.55


def test_of_several_objectives_what_nothing_beats_is_the_front() -> None:
    ends = [end("a", 0.9, 0.2, x=1), end("b", 0.5, 0.5, x=2), end("c", 0.4, 0.4, x=3), end("d", 0.2, 0.9, x=4)]

    ranked = rank(ends, [SUCCESS, COMFORT])

    assert [(candidate.trials[0], candidate.on_front) for candidate in ranked] == [
        ("a", True),
        ("b", True),
        ("d", True),
        ("c", False),
    ]
