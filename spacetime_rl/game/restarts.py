"""Limits how many times a game may be restarted before its run stops."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from spacetime_rl.errors import RestartsExhausted


class RestartBudget:
    """Counts restarts against a limit for the whole run and a limit of their rate.

    At most `max_lifetime_restarts` in all, and at most `restarts_rate_limit_n` in any `restarts_rate_limit_period_s`
    seconds.
    """

    def __init__(
        self,
        max_lifetime_restarts: int,
        restarts_rate_limit_n: int,
        restarts_rate_limit_period_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.spent = 0
        self._lifetime = max_lifetime_restarts
        self._rate_n = restarts_rate_limit_n
        self._period_s = restarts_rate_limit_period_s
        self._clock = clock
        self._recent: deque[float] = deque()

    def spend(self, reason: str) -> None:
        """Count one restart. Raises RestartsExhausted, which quotes `reason`, if the restart exceeds a limit."""
        now = self._clock()
        while self._recent and self._recent[0] <= now - self._period_s:
            self._recent.popleft()
        if self.spent == self._lifetime:
            raise RestartsExhausted(
                f"a game failed again after max_lifetime_restarts = {self._lifetime} restarts; "
                f"the last reason: {reason}"
            )
        if len(self._recent) >= self._rate_n:
            raise RestartsExhausted(
                f"a game failed again after restarts_rate_limit_n = {self._rate_n} restarts within "
                f"restarts_rate_limit_period_s = {self._period_s:g} s; the last reason: {reason}"
            )
        self.spent += 1
        self._recent.append(now)
