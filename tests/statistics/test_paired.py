"""Paired comparisons against reference figures, and what they do where there is nothing to resample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spacetime_rl.statistics.paired import compare_costs, compare_means, compare_rates, holm, mcnemar


# The intervals are those of method 10 in R. G. Newcombe, Improved confidence intervals for the difference between
# binomial proportions based on paired data, 1998, table III.
@pytest.mark.parametrize(
    ("both", "ours_only", "theirs_only", "neither", "low", "high"),
    [
        (36, 12, 2, 0, 0.0569, 0.3404),
        (36, 14, 0, 0, 0.1528, 0.4167),
        (1, 97, 1, 1, 0.8737, 0.9850),
        (30, 0, 0, 0, -0.1135, 0.1135),
    ],
)
def test_the_interval_of_a_difference_of_rates_is_that_of_the_literature(
    both: int, ours_only: int, theirs_only: int, neither: int, low: float, high: float
) -> None:
    ours = [True] * (both + ours_only) + [False] * (theirs_only + neither)
    theirs = [True] * both + [False] * ours_only + [True] * theirs_only + [False] * neither
    found = compare_rates(ours, theirs)
    assert found.episodes == len(ours)
    assert found.value == pytest.approx((ours_only - theirs_only) / len(ours))
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-4)


@pytest.mark.parametrize(
    ("ours_only", "theirs_only", "p"),
    # R: binom.test(12, 14), binom.test(0, 14), binom.test(16, 24)
    [(12, 2, 0.01293945), (0, 14, 0.0001220703), (16, 8, 0.1515896), (3, 3, 1.0), (0, 0, 1.0)],
)
def test_the_exact_test_counts_the_episodes_in_which_the_sides_differ(
    ours_only: int, theirs_only: int, p: float
) -> None:
    assert mcnemar(ours_only, theirs_only) == pytest.approx(p, rel=1e-6)


def test_the_difference_of_means_agrees_with_students_test_where_that_holds() -> None:
    rng = np.random.default_rng(7)
    theirs = rng.normal(10.0, 4.0, 200)  # the difficulty of the episodes, which cancels out
    ours = theirs + rng.normal(0.15, 1.0, 200)
    found = compare_means(list(ours), list(theirs))
    student = stats.ttest_rel(ours, theirs)
    expected = student.confidence_interval(0.95)
    assert found.value == pytest.approx(float((ours - theirs).mean()))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.02)
    assert found.p == pytest.approx(student.pvalue, abs=0.02)


def test_the_interval_covers_the_true_difference_of_skewed_values_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    covered = 0
    for _ in range(100):
        found = compare_means(list(rng.exponential(1.0, 60)), [0.0] * 60)
        covered += found.low <= 1.0 <= found.high
    assert covered >= 89  # fewer than 89 of 100 have a probability of 1 % at 95 %


def test_figures_are_the_same_each_time() -> None:
    ours, theirs = [1.0, 2.0, 4.0, 3.0, 7.0], [1.5, 1.0, 3.0, 3.5, 5.0]
    assert compare_means(ours, theirs) == compare_means(ours, theirs)


@pytest.mark.parametrize("offset", [0.0, 0.5], ids=["equal", "always the same difference"])
def test_a_difference_without_spread_has_no_width(offset: float) -> None:
    found = compare_means([1.0 + offset, 2.0 + offset, 3.0 + offset], [1.0, 2.0, 3.0])
    assert (found.low, found.value, found.high) == (offset, offset, offset)
    assert (found.p == 1.0) == (offset == 0.0)


def test_a_busy_moment_of_the_machine_does_not_decide_a_cost() -> None:
    rng = np.random.default_rng(5)
    theirs = np.exp(rng.normal(0.0, 0.5, 100))
    ours = theirs * 1.10 * np.exp(rng.normal(0.0, 0.02, 100))
    ours[17] *= 50.0
    found = compare_costs(list(ours), list(theirs))
    assert found.value == pytest.approx(1.10, rel=0.05)
    assert found.low > 1.0


def test_adjusted_p_values_are_those_of_r() -> None:
    # R: p.adjust(c(0.04, 0.01, 0.03, 0.02), "holm")
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("theirs", [[], [1.0]], ids=["none", "other episodes"])
def test_sides_that_do_not_match_are_refused(theirs: list[float]) -> None:
    with pytest.raises(ValueError, match="same episodes on both sides"):
        compare_means([] if not theirs else [1.0, 2.0], theirs)


def test_a_cost_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        compare_costs([1.0, 0.0], [1.0, 1.0])
