"""What several seeds reach together, against figures of the authors' own program."""

from __future__ import annotations

import numpy as np
import pytest

from spacetime_rl.statistics.seeds import across_seeds, interquartile_mean

SCORES = (0.91, 0.97, 0.94, 0.89, 0.99, 0.93, 0.96, 0.90)


def test_the_figures_are_those_of_rliable() -> None:
    """rliable 1.2.0: `aggregate_iqm`, and `get_interval_estimates` with 50,000 resamples of these eight runs."""
    found = across_seeds([[score] * 20 for score in SCORES])

    assert found.iqm == interquartile_mean(SCORES) == pytest.approx(0.935)
    assert found.mean == pytest.approx(0.93625)
    assert (found.low, found.high) == pytest.approx((0.905, 0.965), abs=0.0026)


def test_of_three_seeds_none_is_left_out_of_the_mean() -> None:
    assert interquartile_mean(SCORES[:3]) == pytest.approx(0.94)  # rliable 1.2.0 gives the same
    assert interquartile_mean((0.0, 0.5, 0.7, 9.0)) == pytest.approx(0.6)


def test_the_interval_counts_the_episodes_as_well_as_the_seeds() -> None:
    equal_seeds = [[1.0] * 90 + [0.0] * 10] * 3

    found = across_seeds(equal_seeds)

    # The seeds agree in every episode: what is left is the interval of one rate of 90 % in 100 episodes, ±1.96 · 3 %.
    assert (found.low, found.high) == pytest.approx((0.9 - 0.0588, 0.9 + 0.0588), abs=0.012)


def test_the_interval_of_seeds_covers_the_truth_about_as_often_as_it_says() -> None:
    """Ten seeds a time, whose means are normal around 0.5: a percentile interval of ten covers about 90 %."""
    rng = np.random.default_rng(3)
    covered = 0
    for number in range(60):
        means = rng.normal(0.5, 0.1, size=(10, 1)).tolist()
        found = across_seeds(means, seed=number)
        covered += found.low <= 0.5 <= found.high

    assert 0.78 <= covered / 60 <= 0.99


@pytest.mark.parametrize("scores", [[], [[]], [[1.0], [1.0, 0.0]]])
def test_seeds_with_other_episodes_are_refused(scores: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="every seed needs the same episodes"):
        across_seeds(scores)
