"""When a comparison of builds is decided, and how many episodes are still wanted where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from spacetime_rl.statistics.verdict import Decision


def decide(differences: np.ndarray, margin: float = 0.05, alpha: float = 0.05) -> Decision:
    decision = Decision(margin, alpha)
    for difference in differences:
        decision.add(float(difference))
    return decision


def outcomes(rng: np.random.Generator, ours: float, theirs: float, episodes: int) -> np.ndarray:
    return (rng.random(episodes) < ours).astype(float) - (rng.random(episodes) < theirs)


def test_builds_that_do_the_same_pass() -> None:
    decision = decide(np.zeros(200))
    assert decision.outcome == "pass"
    assert decision.episodes_wanted == 0


def test_a_better_build_passes_and_a_worse_one_does_not() -> None:
    rng = np.random.default_rng(1)
    assert decide(outcomes(rng, 0.95, 0.80, 500)).outcome == "pass"
    assert decide(outcomes(rng, 0.80, 0.95, 500)).outcome == "regression"


def test_the_first_verdict_stays() -> None:
    decision = decide(np.zeros(200))
    for _ in range(500):
        decision.add(-1.0)
    assert decision.outcome == "pass"


def test_equal_builds_are_hardly_ever_called_a_regression_and_no_bad_build_passes() -> None:
    rng = np.random.default_rng(2)
    equal = [decide(outcomes(rng, 0.9, 0.9, 600)).outcome for _ in range(200)]
    worse = [decide(outcomes(rng, 0.75, 0.9, 600)).outcome for _ in range(200)]
    assert equal.count("regression") <= 18  # more than 18 of 200 have a probability of 1 % at 5 %
    assert worse.count("pass") <= 18
    assert worse.count("regression") >= 180


def test_too_few_episodes_decide_nothing_and_say_how_many_would() -> None:
    decision = decide(np.zeros(20))
    assert decision.outcome == "inconclusive"
    wanted = decision.episodes_wanted
    assert wanted is not None
    assert decide(np.zeros(20 + wanted)).outcome == "pass"
    assert decide(np.zeros(20 + wanted // 2)).outcome == "inconclusive"


@pytest.mark.parametrize(("margin", "alpha"), [(0.0, 0.05), (1.0, 0.05), (0.05, 0.0), (0.05, 1.0)])
def test_numbers_that_are_no_shares_are_refused(margin: float, alpha: float) -> None:
    with pytest.raises(ValueError, match="expected two numbers between 0 and 1"):
        Decision(margin, alpha)
