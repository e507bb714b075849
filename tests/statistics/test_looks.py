"""Claims about means of unbounded values: the tests behind them, and how often they err when they are repeated."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from spacetime_rl.statistics.looks import Looks, bootstrap_p, student_p

ALPHA = 0.05


def test_the_bootstrap_agrees_with_students_test_where_that_holds() -> None:
    rng = np.random.default_rng(3)
    for shift in (0.0, 0.15, 0.3):
        values = rng.normal(shift, 1.0, 100)
        expected = stats.ttest_1samp(values, 0.0, alternative="greater").pvalue
        assert student_p(values) == pytest.approx(expected)
        assert bootstrap_p(values) == pytest.approx(expected, abs=0.05)


def test_the_bootstrap_errs_as_rarely_as_it_says_where_values_are_skewed() -> None:
    rng = np.random.default_rng(5)
    refuted = sum(bootstrap_p(1.0 - rng.exponential(1.0, 30)) <= ALPHA for _ in range(200))
    by_student = sum(student_p(1.0 - rng.exponential(1.0, 30)) <= ALPHA for _ in range(200))
    assert refuted <= 18  # more than 18 of 200 have a probability of 1 % at 5 %
    assert by_student > refuted  # which assumes that they are not skewed


@pytest.mark.parametrize("test", [bootstrap_p, student_p])
def test_values_without_spread_speak_by_their_number_and_sign(test: object) -> None:
    assert callable(test)
    assert test(np.full(10, 0.2)) == 0.5**10
    assert test(np.zeros(10)) == 1.0
    assert test(np.full(10, -0.2)) == 1.0


def test_repeated_looks_err_no_more_often_than_one() -> None:
    rng = np.random.default_rng(7)
    refuted = 0
    for _ in range(300):
        looks, values = Looks(student_p, 4, 40), rng.normal(0.0, 1.0, 40)
        for size in range(1, 41):
            looks.look(list(values[:size]))
        refuted += looks.p_value <= ALPHA
    assert refuted <= 24  # more than 24 of 300 have a probability of 1 % at 5 %


def test_looks_are_planned_and_the_last_one_is_at_the_end() -> None:
    sizes: list[int] = []

    def test(values: np.ndarray) -> float:
        sizes.append(len(values))
        return 0.001

    looks = Looks(test, 4, 40)
    for size in range(1, 41):
        looks.look([1.0] * size)
    assert sizes == [4, 6, 9, 14, 21, 32, 40]
    assert looks.p_value == pytest.approx(7 * 0.001)


def test_it_says_how_many_values_are_still_wanted() -> None:
    rng = np.random.default_rng(11)
    looks, values = Looks(student_p, 4, 400), list(rng.normal(0.2, 1.0, 400))
    looks.look(values[:40])
    wanted = looks.values_wanted(values[:40], ALPHA)
    assert wanted is not None
    assert looks.p_value > ALPHA
    for size in range(40, 41 + 3 * wanted):
        looks.look(values[:size])
    assert looks.p_value <= ALPHA
    assert looks.values_wanted([-1.0, -2.0, 1.0], ALPHA) is None
