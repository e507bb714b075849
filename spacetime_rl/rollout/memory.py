"""The resident memory of a game process over its life: how fast it grows, and by how much."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
import psutil

_READINGS = 256  # at most; beyond that every second one is dropped, so that the slope covers the whole life
_MIB = 2**20


class GameMemory:
    """Reads the resident memory of one process from time to time.

    A game fills its caches when it plays for the first time, so growth counts from the first reading, which should come
    after some play. Where the memory cannot be read, for example after the game died, the last reading stays.
    """

    def __init__(self, pid: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rss_mb = 0.0
        self._clock = clock
        self._readings: deque[tuple[float, float]] = deque()  # seconds, MiB
        self._every, self._calls = 1, 0
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._process = None

    def read(self) -> None:
        """Read the resident memory now."""
        if self._process is None:
            return
        try:
            self.rss_mb = self._process.memory_info().rss / _MIB
        except psutil.Error:
            return
        if self._calls % self._every == 0:
            self._readings.append((self._clock(), self.rss_mb))
        self._calls += 1
        if len(self._readings) > _READINGS:
            self._readings = deque(list(self._readings)[::2])
            self._every *= 2

    @property
    def growth_mb(self) -> float:
        """MiB by which the resident memory has grown since the first reading."""
        return self.rss_mb - self._readings[0][1] if self._readings else 0.0

    @property
    def slope_mb_per_h(self) -> float:
        """Growth in MiB per hour, the slope of a least-squares line; 0 with fewer than three readings."""
        if len(self._readings) < 3:
            return 0.0
        seconds, memory = np.array(self._readings).T
        seconds = seconds - seconds.mean()
        spread = float(seconds @ seconds)
        return 3600.0 * float(seconds @ memory) / spread if spread > 0 else 0.0
