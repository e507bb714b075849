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
        self._values = 0

    def add(self, value: float) -> None:
        """Bet on one more value. Raises ValueError if it is below `lowest`."""
        if not value >= self._lowest:
            raise ValueError(f"value: found {value}, expected at least {self._lowest}")
        self._logs += np.log1p(self._bets * value)
        self._values += 1

    @property
    def log_wealth(self) -> float:
        """The logarithm of the wealth; the claim is refuted at the level alpha once it reaches `log(1 / alpha)`."""
        return float(np.logaddexp.reduce(self._logs)) - math.log(len(_SHARES))

    def refutes(self, alpha: float) -> bool:
        """Whether the claim is refuted at this level."""
        return self.log_wealth >= -math.log(alpha)

    def values_wanted(self, alpha: float) -> int | None:
        """How many more values like those so far would refute the claim; None if wealth does not grow."""
        growth = float(self._logs.max()) / max(1, self._values)
        if growth <= 0.0:
            return None
        return max(0, math.ceil((-math.log(alpha) + math.log(len(_SHARES)) - float(self._logs.max())) / growth))
