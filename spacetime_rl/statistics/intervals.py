"""95 % intervals for rates and means; the sample size is the number of episodes or of seeds, not of agents."""

from __future__ import annotations

import math
from collections.abc import Sequence

Interval = tuple[float, float]

_Z95 = 1.959963984540054  # two-sided 95 % quantile of the standard normal distribution


def wilson_interval(rate: float, trials: int) -> Interval:
    """The 95 % score interval of a proportion (E. B. Wilson 1927); `rate` may be a mean over agents."""
    spread = _Z95**2 / trials
    centre = (rate + spread / 2.0) / (1.0 + spread)
    half = _Z95 / (1.0 + spread) * math.sqrt(rate * (1.0 - rate) / trials + spread / (4.0 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(clusters: Sequence[Sequence[float]]) -> Interval:
    """The 95 % interval of the mean of all values, if the values of one cluster (an episode) are correlated.

    It is the ratio estimator of cluster sampling (W. G. Cochran, Sampling Techniques, 1977, eq. 11.26) with normal
    quantiles. The spread of a single cluster is unknown: both bounds are then the mean.
    """
    values = sum(len(cluster) for cluster in clusters)
    centre = mean([value for cluster in clusters for value in cluster])
    if len(clusters) < 2:
        return centre, centre
    off = [math.fsum(cluster) - centre * len(cluster) for cluster in clusters]
    scale = len(clusters) / (len(clusters) - 1)
    half = _Z95 * math.sqrt(scale * math.fsum(residual**2 for residual in off)) / values
    return centre - half, centre + half


def mean(values: Sequence[float]) -> float:
    """The mean, with an exact sum that does not depend on the order of the values."""
    return math.fsum(values) / len(values)


def difference_interval(ours: Sequence[float], theirs: Sequence[float], paired: bool) -> Interval:
    """The 95 % interval of the difference of two means, with normal quantiles, from at least two values each.

    `paired` values belong to the same episodes, in the same order, so that the difficulty of an episode cancels out.
    Otherwise the variances of both means add up (B. L. Welch 1947).
    """
    if paired:
        return mean_interval([[a - b] for a, b in zip(ours, theirs, strict=True)])
    centre = mean(ours) - mean(theirs)
    half = _Z95 * math.sqrt(_variance_of_mean(ours) + _variance_of_mean(theirs))
    return centre - half, centre + half


def interval_of_difference(ours: float, ours_ci: Interval, theirs: float, theirs_ci: Interval) -> Interval:
    """The interval of a difference, from two independent values and their intervals at the same level.

    It is method 10 of R. G. Newcombe (Stat. Med. 17, 1998, 873-890), which needs no symmetric intervals.
    """
    down = math.hypot(ours - ours_ci[0], theirs_ci[1] - theirs)
    up = math.hypot(ours_ci[1] - ours, theirs - theirs_ci[0])
    return ours - theirs - down, ours - theirs + up


def student_interval(values: Sequence[float]) -> Interval:
    """The 95 % interval of the mean of a few independent values, by Student's t-distribution, as for training seeds.

    The spread of a single value is unknown: both bounds are then the value.
    """
    centre = mean(values)
    if len(values) < 2:
        return centre, centre
    from scipy import stats

    half = float(stats.t.ppf(0.975, len(values) - 1)) * math.sqrt(_variance_of_mean(values))
    return centre - half, centre + half


def _variance_of_mean(values: Sequence[float]) -> float:
    centre = mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1) / len(values)
