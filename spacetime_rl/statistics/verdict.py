"""Whether ours is worse than theirs, decided after as few episodes as prove it."""

from __future__ import annotations

from typing import Literal

from spacetime_rl.statistics.sequential import Evidence

Outcome = Literal["pass", "regression", "inconclusive"]


class Decision:
    """The verdict on a build, from the differences of paired episodes, each in [-1, 1] and positive if ours is better.

    It is a `regression` once it is proven that ours is worse on average, and a `pass` once it is proven that ours is
    worse by less than `margin`. Each is wrong with probability `alpha` at most, however often one looks. The first
    verdict stays. Raises ValueError unless 0 < margin < 1 and 0 < alpha < 1.
    """

    def __init__(self, margin: float, alpha: float) -> None:
        if not (0.0 < margin < 1.0 and 0.0 < alpha < 1.0):
            raise ValueError(f"margin and alpha: found {margin} and {alpha}, expected two numbers between 0 and 1")
        self._margin, self._alpha = margin, alpha
        self._not_worse = Evidence(-1.0)  # the claim that ours is at least as good
        self._too_bad = Evidence(margin - 1.0)  # the claim that ours is worse by the margin or more
        self.outcome: Outcome = "inconclusive"

    def add(self, difference: float) -> None:
        """Take in one more episode."""
        if self.outcome != "inconclusive":
            return
        self._not_worse.add(-difference)
        self._too_bad.add(difference + self._margin)
        if self._too_bad.refutes(self._alpha):
            self.outcome = "pass"
        elif self._not_worse.refutes(self._alpha):
            self.outcome = "regression"

    @property
    def episodes_wanted(self) -> int | None:
        """How many more episodes like those so far would decide; 0 if it is decided, None if nobody can say."""
        if self.outcome != "inconclusive":
            return 0
        wanted = [claim.values_wanted(self._alpha) for claim in (self._not_worse, self._too_bad)]
        return min((count for count in wanted if count is not None), default=None)
