"""A claim about a mean of values without bounds, tested at a few planned sizes of the sample.

A test that is repeated errs more often than it says. With K looks, each p-value counts K times (C. E. Bonferroni), and
that holds for any values. The sizes grow by half from one look to the next, so that there are few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Test = Callable[[NDArray[np.float64]], float]  # the one-sided p-value of the claim that the mean is at most 0

_GROWTH = 1.5
_RESAMPLES, _FEW = 9_999, 399
_SETTLED = 100  # resamples as extreme as the values: a p-value that is far from any level need not be exact


class Looks:
    """The claim that values have a mean of at most 0, tested from `first` values on, until `most` are there."""

    def __init__(self, test: Test, first: int, most: int) -> None:
        self._test = test
        self._most = max(first, most)
        self._next = first
        self.count = 1  # looks that are planned, at most
        size = first
        while size < self._most:
            size = self._after(size)
            self.count += 1
        self.p_value = 1.0  # of the most convincing look, for all looks together

    def look(self, values: Sequence[float]) -> None:
        """Test the claim if a look is due."""
        if len(values) < self._next:
            return
        self.p_value = min(self.p_value, self.count * self._test(np.asarray(values, np.float64)))
        self._next = self._after(len(values)) if len(values) < self._most else len(values) + 1

    def values_wanted(self, values: Sequence[float], alpha: float) -> int | None:
        """How many more values like those so far would refute the claim; None if they do not speak against it."""
        from scipy import stats

        if len(values) < 2:
            return None
        array = np.asarray(values, np.float64)
        spread, mean = float(array.std(ddof=1)), float(array.mean())
        if mean <= 0.0:
            return None
        wanted = (float(stats.norm.isf(alpha / self.count)) * spread / mean) ** 2
        return max(1, self._next - len(values), math.ceil(wanted) - len(values))

    def _after(self, size: int) -> int:
        return min(self._most, math.ceil(size * _GROWTH))


def bootstrap_p(values: NDArray[np.float64]) -> float:
    """By the studentized bootstrap (B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, ch. 16).

    It assumes no distribution; from about 20 values on it errs as often as it says, for skewed ones, too.
    """
    found = _student(values)
    if not math.isfinite(found):
        return _without_spread(values)
    rng = np.random.default_rng(0)
    centred = values - values.mean()
    drawn = as_large = 0
    for rows in _batches(len(values)):
        resampled = centred[rng.integers(len(values), size=(rows, len(values)))]
        as_large += int(np.count_nonzero(_students(resampled) >= found))
        drawn += rows
        if as_large >= _SETTLED:
            break
    return (as_large + 1) / (drawn + 1)


def student_p(values: NDArray[np.float64]) -> float:
    """By Student's t-test, for few values whose distribution is about normal, such as logarithms of costs."""
    from scipy import stats

    found = _student(values)
    return float(stats.t.sf(found, len(values) - 1)) if math.isfinite(found) else _without_spread(values)


def _without_spread(values: NDArray[np.float64]) -> float:
    """The sign test: the probability that all values lie above 0, if each does so with probability 1/2."""
    return float(0.5 ** len(values)) if values[0] > 0.0 else 1.0


def _student(values: NDArray[np.float64]) -> float:
    spread = float(values.std(ddof=1))
    # Differences of equal values may differ in their last digits.
    if spread <= 1e-12 * float(np.abs(values).max()):
        return math.inf
    return float(values.mean()) / spread * math.sqrt(len(values))


def _students(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """The statistic of each row; a row without spread counts as the most extreme one of its sign."""
    means, spreads = samples.mean(axis=1), samples.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found: NDArray[np.float64] = means / spreads * math.sqrt(samples.shape[1])
    return np.nan_to_num(found, nan=0.0, posinf=math.inf, neginf=-math.inf)


def _batches(size: int) -> list[int]:
    """Numbers of resamples: a few at first, then as many as fit into some tens of megabytes."""
    rows = min(_RESAMPLES - _FEW, max(1, 2_000_000 // size))
    whole, rest = divmod(_RESAMPLES - _FEW, rows)
    return [_FEW, *[rows] * whole, *([rest] if rest else [])]
