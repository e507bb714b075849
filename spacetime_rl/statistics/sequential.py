"""A test that may be looked at after every episode, and ended as soon as it decides.

A fixed test that is looked at again and again errs far more often than it says. Here the evidence is the wealth of a
gambler who bets against a claim: while the claim is true, no strategy makes wealth grow on average, so that it ever
reaches `1 / alpha` with probability `alpha` at most (J. Ville 1939; I. Waudby-Smith and A. Ramdas, Estimating means of
bounded random variables by betting, 2023). That holds for any number of looks.
"""

from __future__ import annotations

import math

import numpy as np

# Shares of the highest bet that cannot ruin the gambler, who divides the first wealth among them: small bets prove
# small differences, large ones prove large differences soon.
_SHARES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 0.95])


class Evidence:
    """Evidence against the claim that values, none of which is below `lowest`, have a mean of at most 0.

    Raises ValueError unless `lowest` is negative.
    """

    def __init__(self, lowest: float) -> None:
        if not lowest < 0.0:
            raise ValueError(f"lowest: found {lowest}, expected a negative number")
        self._lowest = lowest
        self._bets = _SHARES / -lowest
        self._logs = np.zeros(len(_SHARES))  # of each bet's wealth
        self._highest = 0.0  # log-wealth so far
        self._values = 0

    def add(self, *values: float) -> None:
        """Bet on more values, one after the other. Raises ValueError if one is below `lowest`."""
        found = np.asarray(values, np.float64)
        if not (found >= self._lowest).all():
            raise ValueError(f"values: found {found.min()}, expected at least {self._lowest}")
        if not found.size:
            return
        paths = self._logs + np.cumsum(np.log1p(np.outer(found, self._bets)), axis=0)
        self._logs = paths[-1]
        self._values += len(found)
        together = np.logaddexp.reduce(paths, axis=1) - math.log(len(_SHARES))
        self._highest = max(self._highest, float(together.max()))

    @property
    def log_wealth(self) -> float:
        """The logarithm of the wealth."""
        return float(np.logaddexp.reduce(self._logs)) - math.log(len(_SHARES))

    @property
    def p_value(self) -> float:
        """The p-value of the claim for all looks together: the claim is refuted at each level that is not below it."""
        return math.exp(-self._highest)

    def refutes(self, alpha: float) -> bool:
        """Whether the claim is refuted at this level: the wealth has reached `1 / alpha`."""
        return self.p_value <= alpha

    def values_wanted(self, alpha: float) -> int | None:
        """How many more values like those so far would refute the claim; None if wealth does not grow."""
        if self.refutes(alpha):
            return 0
        growth = float(self._logs.max()) / max(1, self._values)
        if growth <= 0.0:
            return None
        return max(1, math.ceil((-math.log(alpha) + math.log(len(_SHARES)) - float(self._logs.max())) / growth))
