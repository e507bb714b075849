"""When a comparison of builds is decided, by one measure or several, and how rarely it errs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from spacetime_rl.statistics.false_alarms import false_alarm_rate
from spacetime_rl.statistics.verdict import Decision, Measure, Pair

SUCCESS = Measure("success", "rate", 0.025)
CPU = Measure("cpu", "cost", 0.05, "lower")
RETURN = Measure("return", "mean", 0.1)
ROUNDS, ROUND = 40, 50
MOST = {"success": ROUNDS * ROUND, "return": ROUNDS * ROUND, "cpu": ROUNDS}

Play = Callable[[np.random.Generator], Mapping[str, list[Pair]]]


def successes(rng: np.random.Generator, ours: float, theirs: float, size: int = ROUND) -> list[Pair]:
    """Of two builds with these rates, in episodes that share nothing but a number."""
    return [(float(a < ours), float(b < theirs)) for a, b in rng.random((size, 2))]


def cpu_times(rng: np.random.Generator, ratio: float, spread: float = 0.05) -> list[Pair]:
    """Of a round on a busy machine: the load changes from round to round, and sometimes disturbs one side."""
    load, disturbed = rng.lognormal(0.0, 0.3), np.where(rng.random(2) < 0.05, 1.4, 1.0)
    ours, theirs = load * rng.lognormal(0.0, spread, 2) * disturbed
    return [(float(ours * ratio), float(theirs))]


def returns(rng: np.random.Generator, worse_by: float, size: int = ROUND) -> list[Pair]:
    """Skewed ones, of episodes whose difficulty both builds share."""
    theirs = rng.exponential(1.0, size)
    ours = theirs + rng.exponential(0.5, size) - 0.5 - worse_by
    return list(zip(ours.tolist(), theirs.tolist(), strict=True))


def gate(rng: np.random.Generator, play: Play, *measures: Measure) -> tuple[str, int]:
    """The outcome and the number of rounds."""
    decision = Decision(measures, 0.05, MOST)
    for number in range(1, ROUNDS + 1):
        if decision.add(play(rng)) != "inconclusive":
            return decision.outcome, number
    return decision.outcome, ROUNDS


def gates(count: int, seed: int, play: Play, *measures: Measure) -> tuple[Counter[str], float]:
    """The outcomes, and the median of the rounds."""
    rng = np.random.default_rng(seed)
    found = [gate(rng, play, *measures) for _ in range(count)]
    return Counter(outcome for outcome, _ in found), float(np.median([rounds for _, rounds in found]))


def test_of_200_gates_of_equal_builds_at_most_ten_raise_a_false_alarm() -> None:
    outcomes, _ = gates(
        200, 1, lambda rng: {"success": successes(rng, 0.95, 0.95), "cpu": cpu_times(rng, 1.0)}, SUCCESS, CPU
    )
    assert outcomes["regression"] <= 10


def test_a_drop_of_five_points_is_found_in_nine_of_ten_gates_also_beside_another_measure() -> None:
    outcomes, rounds = gates(
        50, 2, lambda rng: {"success": successes(rng, 0.90, 0.95), "cpu": cpu_times(rng, 1.0)}, SUCCESS, CPU
    )
    assert outcomes["regression"] >= 45
    assert rounds * ROUND <= 1_000


def test_ten_per_cent_more_processor_time_is_found_in_nine_of_ten_gates() -> None:
    outcomes, rounds = gates(
        50, 3, lambda rng: {"success": successes(rng, 0.95, 0.95), "cpu": cpu_times(rng, 1.1)}, SUCCESS, CPU
    )
    assert outcomes["regression"] >= 45
    assert rounds <= 20


def test_a_build_that_is_worse_by_its_margin_hardly_ever_passes() -> None:
    outcomes, _ = gates(100, 4, lambda rng: {"cpu": cpu_times(rng, 1.05)}, CPU)
    assert outcomes["pass"] <= 11  # more than 11 of 100 have a probability of 1 % at 5 %


def test_means_are_judged_by_their_margins() -> None:
    worse, _ = gates(10, 5, lambda rng: {"return": returns(rng, 0.2)}, RETURN)
    equal, _ = gates(10, 6, lambda rng: {"return": returns(rng, 0.0)}, RETURN)
    slightly, _ = gates(10, 7, lambda rng: {"return": returns(rng, 0.02)}, RETURN)
    assert worse["regression"] == 10
    assert equal["pass"] >= 9
    assert slightly["pass"] >= 8  # it is worse, but by less than the margin


@pytest.mark.parametrize(
    ("measure", "ours", "theirs", "outcome"),
    [
        (Measure("m", "mean", 1.0), 8.5, 10.0, "regression"),
        (Measure("m", "mean", 1.0), 9.5, 10.0, "pass"),
        (Measure("m", "mean", 1.0, "lower"), 11.5, 10.0, "regression"),
        (Measure("m", "mean", 1.0, "lower"), 8.0, 10.0, "pass"),
        (Measure("m", "mean", 0.2, relative=True), 8.5, 10.0, "pass"),
        (Measure("m", "mean", 0.1, relative=True), 8.5, 10.0, "regression"),
        (Measure("m", "mean", 0.2, relative=True), -11.0, -10.0, "pass"),
        (Measure("m", "mean", 0.2, relative=True), -13.0, -10.0, "regression"),
        (Measure("m", "cost", 0.1, "lower"), 10.5, 10.0, "pass"),
        (Measure("m", "cost", 0.1, "lower"), 11.5, 10.0, "regression"),
        (Measure("m", "wins", 0.3), 9.999, 10.0, "regression"),
        (Measure("m", "wins", 0.3), 10.0, 10.0, "pass"),
    ],
)
def test_a_margin_has_a_direction_and_is_absolute_or_a_share(
    measure: Measure, ours: float, theirs: float, outcome: str
) -> None:
    noise = np.random.default_rng(8).normal(0.0, 0.1, 60) * (measure.kind == "mean")
    decision = Decision([measure], 0.05, {"m": 60})
    assert decision.add({"m": [(ours + off, theirs) for off in noise.tolist()]}) == outcome


def test_more_measures_need_more_evidence() -> None:
    pairs = [(9.0 + 0.01 * n, 10.0) for n in range(11)]
    alone = Decision([Measure("a", "cost", 0.01)], 0.05, {"a": 11})
    among = Decision([Measure(name, "cost", 0.01) for name in "abc"], 0.05, dict.fromkeys("abc", 11))
    alone.add({"a": pairs})
    among.add({"a": pairs, "b": [(10.0, 10.0)], "c": [(10.0, 10.0)]})
    assert among.p_worse["a"] == pytest.approx(3 * alone.p_worse["a"])


def test_a_pass_needs_every_measure_and_a_regression_one() -> None:
    same, worse = [(1.0, 1.0)] * 300, [(0.0, 1.0)] * 300
    other = Measure("other", "rate", 0.1)
    undecided = Decision([SUCCESS, other], 0.05)
    undecided.add({"success": same, "other": same[:5]})
    assert (undecided.outcome, undecided.outcome_of("success")) == ("inconclusive", "pass")
    bad = Decision([SUCCESS, other], 0.05)
    bad.add({"success": same, "other": worse})
    assert (bad.outcome, bad.outcome_of("success"), bad.outcome_of("other")) == ("regression", "pass", "regression")


def test_the_first_verdict_stays() -> None:
    decision = Decision([SUCCESS], 0.05)
    decision.add({"success": [(1.0, 1.0)] * 300})
    assert decision.add({"success": [(0.0, 1.0)] * 300}) == "pass"


def test_too_few_episodes_decide_nothing_and_say_how_many_would() -> None:
    decision = Decision([SUCCESS], 0.05)
    decision.add({"success": [(1.0, 1.0)] * 20})
    growth = decision.growth_wanted
    assert growth is not None
    more = math.ceil(20 * growth)
    again = Decision([SUCCESS], 0.05)
    assert again.add({"success": [(1.0, 1.0)] * (20 + more // 2)}) == "inconclusive"
    assert again.add({"success": [(1.0, 1.0)] * (more - more // 2)}) == "pass"
    assert again.growth_wanted == 0.0


@pytest.mark.parametrize(
    ("measures", "alpha"),
    [
        ([Measure("m", "rate", 0.0)], 0.05),
        ([Measure("m", "rate", 1.0)], 0.05),
        ([Measure("m", "mean", 1.5, relative=True)], 0.05),
        ([Measure("m", "mean", -1.0)], 0.05),
        ([SUCCESS], 0.0),
        ([SUCCESS], 1.0),
        ([], 0.05),
    ],
)
def test_numbers_that_make_no_sense_are_refused(measures: list[Measure], alpha: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        Decision(measures, alpha)


def test_the_false_alarms_of_a_game_are_estimated_from_what_it_did_beside_itself() -> None:
    rng = np.random.default_rng(9)
    same = Decision([SUCCESS], 0.05)
    same.add({"success": [(1.0, 1.0), (0.0, 0.0)] * 50})
    noisy = Decision([SUCCESS, CPU], 0.05, {"cpu": 12})
    for _ in range(12):
        noisy.add({"success": successes(rng, 0.8, 0.8), "cpu": cpu_times(rng, 1.0, 0.1)})
    assert false_alarm_rate(same, 4) == 0.0
    assert 0.0 <= false_alarm_rate(noisy, 12) <= 0.09  # more than 18 of 200 have a probability of 1 % at 5 %
