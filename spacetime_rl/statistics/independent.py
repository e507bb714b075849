"""Comparisons of two players that played episodes of their own, so that no episode belongs to another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spacetime_rl.statistics.intervals import difference_interval, interval_of_difference, mean, wilson_interval
from spacetime_rl.statistics.paired import Difference


def compare_independent_means(ours: Sequence[float], theirs: Sequence[float]) -> Difference:
    """The difference of two means, from at least two values each; `p` is that of B. L. Welch's test (1947).

    Raises ValueError for fewer values.
    """
    if min(len(ours), len(theirs)) < 2:
        raise ValueError(f"{len(ours)} and {len(theirs)} values; a comparison needs two of each")
    from scipy import stats

    value = mean(ours) - mean(theirs)
    low, high = difference_interval(ours, theirs, paired=False)
    spread = max(ours) > min(ours) or max(theirs) > min(theirs)
    p = float(stats.ttest_ind(ours, theirs, equal_var=False).pvalue) if spread else float(math.isclose(value, 0.0))
    return Difference(value, low, high, p, min(len(ours), len(theirs)))


def compare_independent_rates(ours: Sequence[bool], theirs: Sequence[bool]) -> Difference:
    """The difference of two rates of success.

    `p` is that of R. A. Fisher's exact test (1935), and the interval R. G. Newcombe's for two proportions (1998, method
    10). Raises ValueError for a side without values.
    """
    if not len(ours) or not len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} values; a comparison needs some of each")
    from scipy import stats

    counts = [(sum(side), len(side)) for side in (ours, theirs)]
    p = float(stats.fisher_exact([[good, played - good] for good, played in counts]).pvalue)
    rates = [good / played for good, played in counts]
    intervals = [wilson_interval(rate, played) for rate, (_, played) in zip(rates, counts, strict=True)]
    low, high = interval_of_difference(rates[0], intervals[0], rates[1], intervals[1])
    return Difference(rates[0] - rates[1], low, high, p, min(len(ours), len(theirs)))
