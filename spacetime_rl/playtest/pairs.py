"""What both builds did in the episodes that both have finished, as pairs of values for each measure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from spacetime_rl.config.gate import SUCCESS, GateConfig
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.report import AgentResult, EvalReport, reporting_success
from spacetime_rl.game.api import TASK
from spacetime_rl.playtest.gate_report import Compared
from spacetime_rl.statistics.independent import compare_independent_means, compare_independent_rates
from spacetime_rl.statistics.intervals import mean
from spacetime_rl.statistics.paired import Difference, compare_costs, compare_means, compare_rates
from spacetime_rl.statistics.verdict import Measure, Pair

CPU, RETURN = "cpu_ms_a_tick", "return"


class Pairs:
    """The pairs of all rounds, and which measures of them are judged: that is known after the first round.

    Where `paired` is False, an episode has nothing in common with the one of the same number on the other side. The
    mean of the differences is the difference of the means all the same, so that whatever is proven of pairs holds; the
    figures for people are those of two independent samples.
    """

    def __init__(self, settings: GateConfig) -> None:
        self._settings = settings
        self._values: dict[str, list[Pair]] = {}
        self._reports_success: bool | None = None
        self.paired = True
        self.episodes = 0
        self.differing = 0

    def add(self, ours: EvalReport, theirs: EvalReport) -> Mapping[str, list[Pair]]:
        """Take in one round; returns its pairs. Raises UsageError for a metric that nobody reports."""
        reporting = reporting_success([*ours.results, *theirs.results])
        if self._reports_success is None:
            self._reports_success = bool(reporting)
            self._check_names([*ours.results, *theirs.results])
        both = [_episodes(report, reporting) for report in (ours, theirs)]
        new: dict[str, list[Pair]] = {name: [] for name in (SUCCESS, RETURN, CPU, *self._settings.metrics)}
        for number in sorted(both[0].keys() & both[1].keys()):
            one, other = both[0][number], both[1][number]
            self.episodes += 1
            self.differing += one.result != other.result
            if self._reports_success:
                new[SUCCESS].append((float(one.success), float(other.success)))
            for name in {RETURN, *self._settings.metrics}:
                if name in one.metrics and name in other.metrics:
                    new[name].append((one.metrics[name], other.metrics[name]))
        if ours.cpu_ms_a_tick and theirs.cpu_ms_a_tick:
            new[CPU].append((ours.cpu_ms_a_tick, theirs.cpu_ms_a_tick))
        for name, pairs in new.items():
            self._values.setdefault(name, []).extend(pairs)
        return new

    @property
    def measures(self) -> list[Measure]:
        """What is judged. A game that reports no success is judged by which build had the higher return."""
        settings = self._settings
        found = [
            Measure(name, "mean", metric.margin, metric.better, metric.relative)
            for name, metric in settings.metrics.items()
        ]
        if settings.cpu_margin is not None:
            found.append(Measure(CPU, "cost", settings.cpu_margin, "lower"))
        if settings.margin is not None and self._reports_success:
            return [Measure(SUCCESS, "rate", settings.margin), *found]
        if settings.margin is not None and not found:
            return [Measure(RETURN, "wins", settings.margin)]
        if not found:
            raise UsageError("gate: nothing is judged: set gate.margin, gate.cpu_margin or gate.metrics")
        return found

    def compare(self) -> dict[str, Compared]:
        """The figures of every measure that has any, judged or not."""
        return {name: _compare(name, pairs, self.paired) for name, pairs in self._values.items() if pairs}

    def _check_names(self, results: list[AgentResult]) -> None:
        known = sorted({name for result in results for name in result.metrics} - {"episode", TASK, SUCCESS})
        for name in self._settings.metrics:
            if name not in known:
                hint = did_you_mean(name, known) or f"; known: {', '.join(known)}"
                raise UsageError(f"gate.metrics.{name}: no agent reports this metric{hint}")


def _compare(name: str, pairs: list[Pair], paired: bool) -> Compared:
    ours, theirs = (list(side) for side in zip(*pairs, strict=True))
    return Compared(mean(ours), mean(theirs), _difference(name, ours, theirs, paired), is_ratio=name == CPU)


def _difference(name: str, ours: list[float], theirs: list[float], paired: bool) -> Difference:
    if name == CPU:  # both builds play a round at the same time, so that rounds are pairs in every game
        return compare_costs(ours, theirs)
    if name == SUCCESS:
        rates = compare_rates if paired else compare_independent_rates
        return rates([value >= 1.0 for value in ours], [value >= 1.0 for value in theirs])
    if not paired and len(ours) > 1:
        return compare_independent_means(ours, theirs)
    return compare_means(ours, theirs)


@dataclass(frozen=True, slots=True)
class _Episode:
    success: bool  # of every agent whose policy reports it
    metrics: Mapping[str, float]  # means over the agents that report it
    length: float

    @property
    def result(self) -> tuple[bool, float, float]:
        """What is the same for builds that do the same; metrics may be times."""
        return self.success, self.metrics[RETURN], self.length


def _episodes(report: EvalReport, reporting: set[str]) -> dict[int, _Episode]:
    found: dict[int, list[AgentResult]] = {}
    for result in report.results:
        found.setdefault(result.episode, []).append(result)
    return {
        number: _Episode(
            all(agent.metrics.get(SUCCESS, 0.0) >= 1.0 for agent in agents if agent.policy in reporting),
            _means(agents),
            max(agent.metrics["length"] for agent in agents),
        )
        for number, agents in found.items()
    }


def _means(agents: list[AgentResult]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for agent in agents:
        for name, value in agent.metrics.items():
            if math.isfinite(value):
                values.setdefault(name, []).append(value)
    return {name: mean(found) for name, found in values.items()}
