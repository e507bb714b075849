"""Comparisons of two players that played episodes of their own, so that no episode belongs to another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from spacetime_rl.statistics.intervals import difference_interval, mean
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
