"""Comparisons of two players, or of two builds of a game, that played the same numbered episodes.

The values of both sides are in the order of the episodes, so that the difficulty of an episode cancels out. Every
function raises ValueError if the sides differ in length or have no values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.statistics.intervals import Interval, wilson_interval

LEVEL = 0.95  # of the confidence intervals
_RESAMPLES = 9_999  # bounds of a 95 % interval then vary by about 1 % of its width from one seed to another


@dataclass(frozen=True, slots=True)
class Difference:
    """Ours against theirs: a difference of means, or a ratio, with its 95 % interval.

    `p` is the two-sided probability of a difference as large as this one, or larger, if there is none.
    """

    value: float
    low: float
    high: float
    p: float
    episodes: int


def compare_rates(ours: Sequence[bool], theirs: Sequence[bool]) -> Difference:
    """The difference of two rates of success.

    `p` is that of the exact test on the episodes in which the sides differ (Q. McNemar 1947). The interval is R. G.
    Newcombe's for paired proportions (1998, method 10), which stays inside [-1, 1] and does not shrink to nothing where
    both sides never fail.
    """
    episodes = _check(ours, theirs)
    pairs = list(zip(ours, theirs, strict=True))
    both, ours_only = pairs.count((True, True)), pairs.count((True, False))
    theirs_only, neither = pairs.count((False, True)), pairs.count((False, False))
    low, high = _newcombe(both, ours_only, theirs_only, neither)
    return Difference((ours_only - theirs_only) / episodes, low, high, mcnemar(ours_only, theirs_only), episodes)


def mcnemar(ours_only: int, theirs_only: int) -> float:
    """The exact two-sided p-value for two counts of episodes in which only one side succeeded."""
    from scipy import stats

    differing = ours_only + theirs_only
    return float(stats.binomtest(ours_only, differing).pvalue) if differing else 1.0


def compare_means(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Difference:
    """The difference of two means.

    The interval is the bias-corrected and accelerated bootstrap over the episodes (B. Efron 1987), and `p` that of the
    permutation test that swaps the sides of each episode; neither assumes a distribution.
    """
    episodes = _check(ours, theirs)
    off = np.asarray(ours, np.float64) - np.asarray(theirs, np.float64)
    low, high = _bootstrap(off, seed)
    return Difference(float(off.mean()), low, high, _swap_sides(off, seed), episodes)


def compare_costs(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Difference:
    """The ratio of two positive costs, such as the processor time of the same episode.

    It is the geometric mean of the episodes' ratios: an episode in which the machine was busy weighs no more than
    another one. Interval and `p` are those of `compare_means`, on logarithms.
    """
    _check(ours, theirs)
    if min(*ours, *theirs) <= 0.0:
        raise ValueError("costs must be positive")
    logs = compare_means([math.log(x) for x in ours], [math.log(x) for x in theirs], seed)
    return Difference(math.exp(logs.value), math.exp(logs.low), math.exp(logs.high), logs.p, logs.episodes)


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, adjusted so that all together err as rarely as one (S. Holm 1979)."""
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted


def _check(ours: Sequence[object], theirs: Sequence[object]) -> int:
    if not len(ours) or len(ours) != len(theirs):
        raise ValueError(f"paired values need the same episodes on both sides: found {len(ours)} and {len(theirs)}")
    return len(ours)


def _newcombe(both: int, ours_only: int, theirs_only: int, neither: int) -> Interval:
    total = both + ours_only + theirs_only + neither
    ours, theirs = (both + ours_only) / total, (both + theirs_only) / total
    (ours_low, ours_high), (theirs_low, theirs_high) = wilson_interval(ours, total), wilson_interval(theirs, total)
    down = math.hypot(ours - ours_low, theirs_high - theirs)
    up = math.hypot(ours_high - ours, theirs - theirs_low)
    margins = (both + ours_only) * (theirs_only + neither) * (both + theirs_only) * (ours_only + neither)
    if margins:
        together = both * neither - ours_only * theirs_only
        corrected = together if together < 0 else max(0.0, together - total / 2)
        phi = corrected / math.sqrt(margins)  # the correlation of the sides, corrected for continuity
        down = math.sqrt(max(0.0, down**2 - 2 * phi * (ours - ours_low) * (theirs_high - theirs)))
        up = math.sqrt(max(0.0, up**2 - 2 * phi * (ours_high - ours) * (theirs - theirs_low)))
    return ours - theirs - down, ours - theirs + up


def _bootstrap(off: NDArray[np.float64], seed: int) -> Interval:
    from scipy import stats

    if len(off) < 2 or np.ptp(off) == 0.0:  # there is no spread to resample
        return float(off.mean()), float(off.mean())
    rng = np.random.default_rng(seed)
    found = stats.bootstrap((off,), np.mean, n_resamples=_RESAMPLES, confidence_level=LEVEL, method="BCa", rng=rng)
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def _swap_sides(off: NDArray[np.float64], seed: int) -> float:
    from scipy import stats

    if len(off) < 2 or not off.any():  # one pair alone says nothing
        return 1.0
    rng = np.random.default_rng(seed)
    found = stats.permutation_test((off,), np.mean, permutation_type="samples", n_resamples=_RESAMPLES, rng=rng)
    return float(found.pvalue)
