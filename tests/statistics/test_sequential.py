"""The sequential test errs as rarely as it says, however often one looks, and needs few episodes."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from spacetime_rl.statistics.sequential import Evidence

ALPHA = 0.05


def looks_until_refuted(values: NDArray[np.float64], lowest: float) -> float:
    """The number of values, in tens, after which the claim is refuted; infinite if it never is."""
    evidence = Evidence(lowest)
    for number in range(0, len(values), 10):
        evidence.add(*values[number : number + 10])  # which looks after every value
        if evidence.refutes(ALPHA):
            return number + 10
    return math.inf


def test_it_looks_after_every_value_however_many_come_at_once() -> None:
    values = differences(np.random.default_rng(5), 0.8, 0.9, 200)
    at_once, one_by_one = Evidence(-1.0), Evidence(-1.0)
    at_once.add(*values)
    p_values = []
    for value in values:
        one_by_one.add(value)
        p_values.append(one_by_one.p_value)
    assert at_once.p_value == pytest.approx(one_by_one.p_value)
    assert at_once.log_wealth == pytest.approx(one_by_one.log_wealth)
    assert p_values == sorted(p_values, reverse=True)  # what was refuted once stays so


def differences(rng: np.random.Generator, ours: float, theirs: float, episodes: int) -> NDArray[np.float64]:
    """Theirs minus ours: successes of two builds with these rates, in episodes that share nothing but a number."""
    found = (rng.random(episodes) < theirs).astype(float) - (rng.random(episodes) < ours)
    return np.asarray(found, np.float64)


def test_a_true_claim_is_refuted_no_more_often_than_alpha_says() -> None:
    rng = np.random.default_rng(11)
    refuted = sum(looks_until_refuted(differences(rng, 0.9, 0.9, 500), -1.0) < math.inf for _ in range(400))
    assert refuted <= 30  # more than 30 of 400 have a probability of 1 % at 5 %; the bound of the theory is below that


def test_a_drop_of_five_points_is_found_in_nine_of_ten_cases() -> None:
    rng = np.random.default_rng(13)
    needed = [looks_until_refuted(differences(rng, 0.90, 0.95, 2_000), -1.0) for _ in range(100)]
    assert sum(count < math.inf for count in needed) >= 90
    assert np.median(needed) < 1_000


def test_builds_that_do_the_same_are_within_a_margin_soon() -> None:
    margin = 0.025
    assert looks_until_refuted(np.full(1_000, margin), margin - 1.0) < 250


def test_it_says_how_many_values_are_still_wanted() -> None:
    rng = np.random.default_rng(17)
    evidence = Evidence(-1.0)
    assert evidence.values_wanted(ALPHA) is None
    for value in differences(rng, 0.5, 0.8, 20):
        evidence.add(value)
    wanted = evidence.values_wanted(ALPHA)
    assert wanted is not None
    assert not evidence.refutes(ALPHA)
    for value in differences(rng, 0.5, 0.8, 3 * wanted):
        evidence.add(value)
    assert evidence.refutes(ALPHA)
    assert evidence.values_wanted(ALPHA) == 0


def test_values_in_favour_of_the_claim_promise_no_end() -> None:
    evidence = Evidence(-1.0)
    for _ in range(20):
        evidence.add(-0.5)
    assert evidence.log_wealth < 0.0
    assert evidence.values_wanted(ALPHA) is None


@pytest.mark.parametrize("lowest", [0.0, 1.0, math.nan])
def test_a_bound_that_is_not_negative_is_refused(lowest: float) -> None:
    with pytest.raises(ValueError, match="expected a negative number"):
        Evidence(lowest)


@pytest.mark.parametrize("value", [-1.5, math.nan])
def test_a_value_below_the_bound_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="expected at least"):
        Evidence(-1.0).add(value)
