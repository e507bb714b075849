"""Statistics of many columns at once, computed from batches of rows that are not kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SAMPLES = 2000  # first rows that are kept after all, to find columns that are copies of others


class Columns:
    """Count, mean, standard deviation, extremes and number of zeros of each of n columns.

    Means and squares are merged batch by batch (T. F. Chan, G. H. Golub, R. J. LeVeque 1979). The counts of values at a
    column's minimum and maximum start again at 0 whenever that extreme changes.
    """

    def __init__(self, count: int) -> None:
        self.rows = 0
        self.mean: NDArray[np.float64] = np.zeros(count)
        self.low: NDArray[np.float64] = np.full(count, np.inf)
        self.high: NDArray[np.float64] = np.full(count, -np.inf)
        self.zeros: NDArray[np.int64] = np.zeros(count, np.int64)
        self._squares: NDArray[np.float64] = np.zeros(count)
        self._at_low: NDArray[np.int64] = np.zeros(count, np.int64)
        self._at_high: NDArray[np.int64] = np.zeros(count, np.int64)
        self._kept: list[NDArray[np.float32]] = []
        self._kept_rows = 0

    def add(self, values: NDArray[np.float32]) -> None:
        """Add rows, float32 [k, n]; all values must be finite."""
        if not len(values):
            return
        wide = values.astype(np.float64)
        rows, mean = len(wide), wide.mean(axis=0)
        squares = ((wide - mean) ** 2).sum(axis=0)
        total = self.rows + rows
        self._squares += squares + (mean - self.mean) ** 2 * self.rows * rows / total
        self.mean += (mean - self.mean) * rows / total
        self.rows = total
        self.zeros += (wide == 0.0).sum(axis=0)
        self._count_extremes(wide)
        if self._kept_rows < _SAMPLES:
            self._kept.append(values.copy())
            self._kept_rows += rows

    @property
    def std(self) -> NDArray[np.float64]:
        """The standard deviation of each column."""
        return np.sqrt(self._squares / max(1, self.rows))

    @property
    def zero_shares(self) -> NDArray[np.float64]:
        """The share of zeros in each column, 0 to 1."""
        return self.zeros / max(1, self.rows)

    @property
    def saturation(self) -> NDArray[np.float64]:
        """The share of values at the column's minimum or maximum, whichever is larger; an extreme of 0 is ignored."""
        low = np.where(self.low == 0.0, 0, self._at_low)
        high = np.where(self.high == 0.0, 0, self._at_high)
        return np.maximum(low, high) / max(1, self.rows)

    @property
    def constant(self) -> NDArray[np.bool_]:
        """Whether all values of a column are the same."""
        same: NDArray[np.bool_] = self.low == self.high
        return same

    def copies(self) -> list[tuple[int, int]]:
        """Pairs (earlier, later) of columns that are equal in all kept rows; constant columns are ignored."""
        if not self._kept:
            return []
        sample = np.concatenate(self._kept).T
        first: dict[bytes, int] = {}
        found = []
        for column in np.flatnonzero(~self.constant).tolist():
            earlier = first.setdefault(sample[column].tobytes(), column)
            if earlier != column:
                found.append((earlier, column))
        return found

    def _count_extremes(self, wide: NDArray[np.float64]) -> None:
        low, high = wide.min(axis=0), wide.max(axis=0)
        self._at_low = np.where(low < self.low, 0, self._at_low)
        self._at_high = np.where(high > self.high, 0, self._at_high)
        self.low, self.high = np.minimum(self.low, low), np.maximum(self.high, high)
        self._at_low += (wide == self.low).sum(axis=0)
        self._at_high += (wide == self.high).sum(axis=0)
