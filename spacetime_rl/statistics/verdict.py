"""Whether ours is worse than theirs, by one measure or several, decided after as few episodes as prove it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from spacetime_rl.statistics.looks import Looks, bootstrap_p, student_p
from spacetime_rl.statistics.paired import holm
from spacetime_rl.statistics.sequential import Evidence

Outcome = Literal["pass", "regression", "inconclusive"]
Better = Literal["higher", "lower"]
# rate: each value is in [0, 1], such as a success. wins: only which side is better counts, in each pair. mean: any
# values. cost: positive values that are compared by their ratio, such as processor time.
Kind = Literal["rate", "wins", "mean", "cost"]
Pair = tuple[float, float]  # ours, theirs

_FIRST_LOOK: Mapping[Kind, int] = {"mean": 20, "cost": 4}  # values; fewer say too little of how they are spread


@dataclass(frozen=True, slots=True)
class Measure:
    """What is compared. Ours passes if it is worse by less than `margin`: absolute, or a share of theirs."""

    name: str
    kind: Kind
    margin: float
    better: Better = "higher"
    relative: bool = False  # a cost's margin always is


class Decision:
    """The verdict on a build, from paired values of each measure.

    It is a `regression` once some measure is proven worse on average, where it is also worse by its margin as far as
    one can see. It is a `pass` once every measure is proven worse by less than its margin. Each verdict is wrong with
    probability `alpha` at most, over all measures (S. Holm's correction) and however often one looks. The first verdict
    stays. `most` is how many values there will be at most, by the measure's name: it plans the looks at unbounded ones.
    Without `may_pass` it looks out for regressions only, as simulations of false alarms do.
    Raises ValueError unless margins are positive, those of rates and shares below 1, and 0 < alpha < 1.
    """

    def __init__(
        self, measures: Sequence[Measure], alpha: float, most: Mapping[str, int] | None = None, may_pass: bool = True
    ) -> None:
        if not measures or not 0.0 < alpha < 1.0:
            raise ValueError(f"measures and alpha: found {len(measures)} and {alpha}, expected some and 0 to 1")
        self.alpha = alpha
        self.judged = {one.name: Judged(one, (most or {}).get(one.name, 1), may_pass) for one in measures}
        self.outcome: Outcome = "inconclusive"

    def add(self, found: Mapping[str, Sequence[Pair]]) -> Outcome:
        """Take in what was played since the last look, by measure."""
        if self.outcome != "inconclusive":
            return self.outcome
        for name, pairs in found.items():
            self.judged[name].add(pairs)
        if any(self.is_worse(name) for name in self.judged):
            self.outcome = "regression"
        elif all(self.is_well(name) for name in self.judged):
            self.outcome = "pass"
        return self.outcome

    def outcome_of(self, name: str) -> Outcome:
        """What is proven of one measure so far."""
        return "regression" if self.is_worse(name) else "pass" if self.is_well(name) else "inconclusive"

    def is_worse(self, name: str) -> bool:
        """Whether a measure is proven worse, and looks worse by its margin."""
        return self.p_worse[name] <= self.alpha and self.judged[name].looks_too_bad

    def is_well(self, name: str) -> bool:
        """Whether a measure is proven worse by less than its margin."""
        return self.judged[name].p_too_bad <= self.alpha

    @property
    def p_worse(self) -> dict[str, float]:
        """By measure: the p-value of the claim that ours is at least as good, for all measures and looks together."""
        names = list(self.judged)
        return dict(zip(names, holm([self.judged[name].p_worse for name in names]), strict=True))

    @property
    def growth_wanted(self) -> float | None:
        """How many times more values, beside those so far, would decide; 0 if decided, None if nobody can say."""
        if self.outcome != "inconclusive":
            return 0.0
        share = self.alpha / len(self.judged)
        worse = [one.growth_until_worse(share) for one in self.judged.values()]
        well = [0.0 if self.is_well(name) else one.growth_until_well(self.alpha) for name, one in self.judged.items()]
        ways = [growth for growth in worse if growth is not None]
        if all(growth is not None for growth in well):
            ways.append(max(growth for growth in well if growth is not None))
        return min(ways, default=None)


class Judged:
    """One measure of a decision: its pairs, and how convincing they are."""

    def __init__(self, measure: Measure, most: int = 1, may_pass: bool = True) -> None:
        shares = measure.kind in ("rate", "wins") or measure.relative or measure.kind == "cost"
        if not (measure.margin > 0.0 and (measure.margin < 1.0 or not shares)):
            raise ValueError(
                f"{measure.name}: margin: found {measure.margin}, expected a positive number, a share below 1"
            )
        self.measure = measure
        self.most = most
        self._may_pass = may_pass
        self.pairs: list[Pair] = []
        self._gaps: list[float] = []  # ours less theirs, positive if ours is better
        self._bounded = measure.kind in ("rate", "wins")
        self._not_worse = Evidence(-1.0)  # the claims, for rates
        self._too_bad = Evidence(measure.margin - 1.0 if self._bounded else -1.0)
        test = student_p if measure.kind == "cost" else bootstrap_p
        first = _FIRST_LOOK.get(measure.kind, 1)
        self._looks = Looks(test, first, most), Looks(test, first, most)

    def add(self, pairs: Sequence[Pair]) -> None:
        """Take in more pairs, and look at all of them. Raises ValueError for a cost that is not positive."""
        new = [self._gap(*pair) for pair in pairs]
        self.pairs += pairs
        self._gaps += new
        if not self._bounded:
            self._looks[0].look([-gap for gap in self._gaps])
            if self._may_pass:
                self._looks[1].look(self._spare())
            return
        self._not_worse.add(*(-gap for gap in new))
        self._too_bad.add(*(gap + self.measure.margin for gap in new))

    @property
    def p_worse(self) -> float:
        """Of the claim that ours is at least as good."""
        return self._not_worse.p_value if self._bounded else self._looks[0].p_value

    @property
    def p_too_bad(self) -> float:
        """Of the claim that ours is worse by the margin or more."""
        return self._too_bad.p_value if self._bounded else self._looks[1].p_value

    @property
    def looks_too_bad(self) -> bool:
        """Whether ours is worse by the margin or more, as far as one can see."""
        return math.fsum(self._spare()) <= 0.0

    def growth_until_worse(self, alpha: float) -> float | None:
        """How many times more values would prove ours worse; None if that is not to be expected."""
        if not self.pairs or not self.looks_too_bad:
            return None
        losses = [-gap for gap in self._gaps]
        wanted = self._not_worse.values_wanted(alpha) if self._bounded else self._looks[0].values_wanted(losses, alpha)
        return None if wanted is None else wanted / len(self.pairs)

    def growth_until_well(self, alpha: float) -> float | None:
        """How many times more values would prove ours worse by less than the margin; None as above."""
        if not self.pairs:
            return None
        wanted = (
            self._too_bad.values_wanted(alpha) if self._bounded else self._looks[1].values_wanted(self._spare(), alpha)
        )
        return None if wanted is None else wanted / len(self.pairs)

    def _gap(self, ours: float, theirs: float) -> float:
        if self.measure.kind == "cost":
            if min(ours, theirs) <= 0.0:
                raise ValueError(f"{self.measure.name}: costs must be positive, found {min(ours, theirs)}")
            ours, theirs = math.log(ours), math.log(theirs)
        gap = ours - theirs if self.measure.better == "higher" else theirs - ours
        return math.copysign(1.0, gap) if self.measure.kind == "wins" and gap else gap

    def _spare(self) -> list[float]:
        """The gaps with the margin added: their mean is positive if ours is worse by less than the margin."""
        margin = self.measure.margin
        if self.measure.kind == "cost":
            lowers = self.measure.better == "lower"
            allowed = math.log1p(margin) if lowers else -math.log1p(-margin)
            return [gap + allowed for gap in self._gaps]
        if not self.measure.relative:
            return [gap + margin for gap in self._gaps]
        sign = math.copysign(1.0, math.fsum(theirs for _, theirs in self.pairs))
        return [gap + margin * sign * theirs for gap, (_, theirs) in zip(self._gaps, self.pairs, strict=True)]
