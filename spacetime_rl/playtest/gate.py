"""The story of a gate: two builds of a game play the same numbered episodes until a verdict is proven.

Rounds of episodes alternate between the builds, and so does which of them begins, so that a busy moment of the machine
meets both. Every round has a seed of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import GameError, UsageError
from spacetime_rl.evaluation.report import AgentResult, EvalReport, reporting_success
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.evaluation.target import build_overrides
from spacetime_rl.playtest.plan import GatePlan
from spacetime_rl.runs.layout import RESULTS
from spacetime_rl.statistics.intervals import mean
from spacetime_rl.statistics.paired import Difference, compare_means, compare_rates
from spacetime_rl.statistics.verdict import Decision, Outcome

Measure = Literal["success", "return"]
Show = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Build:
    """A build of the game: what its configuration overrides, as `a.b=c`."""

    name: str
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """The means of one measure over the episodes that both builds finished, and their paired difference."""

    build: float
    base: float
    difference: Difference

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        found = self.difference
        return {
            "build": self.build,
            "base": self.base,
            "difference": found.value,
            "difference_ci": [found.low, found.high],
            "p": found.p,
        }


@dataclass(frozen=True, slots=True)
class GateReport:
    """The verdict, and the figures behind it: `build` is ours, `base` theirs.

    `measure` is what decided: whether an episode succeeded, with every agent in it, or, in a game that reports no
    success, which build had the higher return. A build that fails again and again in a round that the base finished is
    a regression, too: `fault` is how it failed, and there are figures of earlier rounds only. `differing` counts the
    episodes in which the builds did not do the same.
    """

    outcome: Outcome
    measure: Measure
    episodes: int
    differing: int
    more_episodes: int | None
    success: Compared | None
    returns: Compared | None
    plan: GatePlan
    fault: str = ""

    @property
    def sentence(self) -> str:
        """The verdict for people."""
        if self.fault:
            return f"the build failed again and again where the base did not: {self.fault}"
        found = f"in {self.episodes} episodes, {self.differing} of which ended differently"
        if self.outcome == "pass":
            return f"not worse by {self.plan.margin:.1%} of the episodes or more, {found}"
        if self.outcome == "regression":
            return f"worse than the base, {found}"
        more = "nobody can say how many more" if self.more_episodes is None else f"about {self.more_episodes:,} more"
        return f"not decided {found}; {more} would decide"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "format": 1,
            "verdict": self.outcome,
            "sentence": self.sentence,
            "measure": self.measure,
            "margin": self.plan.margin,
            "alpha": self.plan.alpha,
            "seed": self.plan.seed,
            "episodes": self.episodes,
            "differing": self.differing,
            "more_episodes": self.more_episodes,
            "success": self.success.to_dict() if self.success else None,
            "return": self.returns.to_dict() if self.returns else None,
            "fault": self.fault,
        }


def find_build(name: str, path: str, scenario: str | None = None) -> Build:
    """The build in a Godot project folder, an exported game, or `git:REF`; see `build_overrides`."""
    return Build(name, build_overrides(name, path, scenario))


def run_gate(
    player: str,
    config: str | RunConfig,
    build: Build,
    base: Build,
    plan: GatePlan,
    overrides: Sequence[str] = (),
    results: Path = RESULTS,
    show: Show = lambda _: None,
) -> GateReport:
    """Let a player play both builds until the verdict is proven, or `plan.episodes` are played.

    `player` is what `evaluate_player` takes. Raises what that raises, a GameError only if the base is at fault, and
    UsageError for a game without numbered episodes, in which two builds never meet the same one.
    """
    decision, pairs = Decision(plan.margin, plan.alpha), _Pairs()
    sides = (build, base)
    while decision.outcome == "inconclusive" and pairs.rounds * plan.round < plan.episodes:
        episodes = min(plan.round, plan.episodes - pairs.rounds * plan.round)
        here = [f"evaluation.seed={plan.seed + pairs.rounds}", f"evaluation.episodes={episodes}"]
        first = pairs.rounds % 2
        found: dict[str, EvalReport] = {}
        fault: GameError | None = None
        for side in (*sides[first:], *sides[:first]):
            wanted = [*overrides, *side.overrides, *here]
            try:
                found[side.name] = evaluate_player(player, config, wanted, results=results).report
            except GameError as error:
                if side is base or side.overrides == base.overrides:
                    raise
                fault = error  # the base has to finish this round before it counts
        if fault is not None:
            return pairs.failed(fault, plan)
        for difference in pairs.add(found[build.name], found[base.name]):
            decision.add(difference)
        show(f"episodes={pairs.episodes}/{plan.episodes} differing={pairs.differing} verdict={decision.outcome}")
    return pairs.report(decision, plan)


class _Pairs:
    """What both builds did in the episodes that both have finished, in their order."""

    def __init__(self) -> None:
        self.rounds = 0
        self.differing = 0
        self._success: list[tuple[bool, bool]] = []
        self._returns: list[tuple[float, float]] = []
        self._measure: Measure | None = None

    @property
    def episodes(self) -> int:
        return len(self._returns)

    def add(self, ours: EvalReport, theirs: EvalReport) -> list[float]:
        """The differences of one round, in [-1, 1]."""
        if not (ours.paired and theirs.paired):
            raise UsageError("gate: this game does not number its episodes, so that builds cannot be compared in pairs")
        self.rounds += 1
        reporting = reporting_success([*ours.results, *theirs.results])
        if self._measure is None:
            self._measure = "success" if reporting else "return"
        both = [_episodes(report, reporting) for report in (ours, theirs)]
        differences = []
        for number in sorted(both[0].keys() & both[1].keys()):
            one, other = both[0][number], both[1][number]
            self._success.append((one.success, other.success))
            self._returns.append((one.total, other.total))
            self.differing += one != other
            if self._measure == "success":
                differences.append(float(one.success) - float(other.success))
            else:
                differences.append(float(np.sign(one.total - other.total)))
        return differences

    def failed(self, fault: GameError, plan: GatePlan) -> GateReport:
        """The verdict on a build that failed, with the figures of the rounds before."""
        if not self._returns:
            measure = self._measure or "success"
            return GateReport("regression", measure, 0, 0, 0, None, None, plan, fault.headline)
        report = self.report(Decision(plan.margin, plan.alpha), plan)
        return replace(report, outcome="regression", more_episodes=0, fault=fault.headline)

    def report(self, decision: Decision, plan: GatePlan) -> GateReport:
        if not self._returns or self._measure is None:
            raise UsageError("gate: no episode was finished by both builds; see evaluation.max_decisions")
        (ours_won, theirs_won), (ours, theirs) = zip(*self._success, strict=True), zip(*self._returns, strict=True)
        success = Compared(mean(ours_won), mean(theirs_won), compare_rates(ours_won, theirs_won))
        return GateReport(
            outcome=decision.outcome,
            measure=self._measure,
            episodes=self.episodes,
            differing=self.differing,
            more_episodes=decision.episodes_wanted,
            success=success if self._measure == "success" else None,
            returns=Compared(mean(ours), mean(theirs), compare_means(ours, theirs)),
            plan=plan,
        )


@dataclass(frozen=True, slots=True)
class _Episode:
    success: bool  # of every agent whose policy reports it
    total: float  # the mean return of its agents
    length: float


def _episodes(report: EvalReport, reporting: set[str]) -> dict[int, _Episode]:
    found: dict[int, list[AgentResult]] = {}
    for result in report.results:
        found.setdefault(result.episode, []).append(result)
    return {
        number: _Episode(
            all(agent.metrics.get("success", 0.0) >= 1.0 for agent in agents if agent.policy in reporting),
            mean([agent.metrics["return"] for agent in agents]),
            max(agent.metrics["length"] for agent in agents),
        )
        for number, agents in found.items()
    }
