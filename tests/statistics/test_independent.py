"""Comparisons of independent means against scipy, and what they do where nothing varies."""

from __future__ import annotations

import pytest
from scipy import stats

from spacetime_rl.statistics.independent import compare_independent_means, compare_independent_rates

OURS = [3.0, 4.5, 5.0, 6.5, 7.0, 9.5]
THEIRS = [1.0, 2.5, 2.0, 4.5]


def test_the_difference_of_independent_means_is_welchs() -> None:
    found = compare_independent_means(OURS, THEIRS)
    reference = stats.ttest_ind(OURS, THEIRS, equal_var=False)
    assert found.value == pytest.approx(5.916667 - 2.5, abs=1e-6)
    assert found.p == pytest.approx(reference.pvalue)
    assert found.low < found.value < found.high
    assert found.low > 0.0
    assert found.episodes == 4


@pytest.mark.parametrize(("theirs", "p"), [([2.0, 2.0], 1.0), ([3.0, 3.0], 0.0)])
def test_values_that_do_not_vary_are_equal_or_differ(theirs: list[float], p: float) -> None:
    found = compare_independent_means([2.0, 2.0, 2.0], theirs)
    assert (found.p, found.low, found.high) == (p, found.value, found.value)


def test_a_single_value_is_refused() -> None:
    with pytest.raises(ValueError, match="two of each"):
        compare_independent_means([1.0], THEIRS)


def test_the_tea_of_the_lady_has_fishers_p_value() -> None:
    """R. A. Fisher, The Design of Experiments, 1935, ch. II: three of four cups of each kind are named rightly."""
    found = compare_independent_rates([True, True, True, False], [True, False, False, False])
    assert (found.value, found.episodes) == (0.5, 4)
    assert found.p == pytest.approx(34 / 70)


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 10), 0.6075, 1.0)],
)
def test_the_interval_of_two_rates_is_newcombes(
    ours: tuple[int, int], theirs: tuple[int, int], low: float, high: float
) -> None:
    """R. G. Newcombe, Stat. Med. 17, 1998, 873-890, table II, method 10."""
    found = compare_independent_rates(*([n < good for n in range(played)] for good, played in (ours, theirs)))
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_rates_without_values_are_refused() -> None:
    with pytest.raises(ValueError, match="0 and 1 values"):
        compare_independent_rates([], [True])
