"""The data that a finished sweep is drawn from, independent of the program that produced it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config.search_space import Domain
from spacetime_rl.config.sweep import Objective


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial. `values` holds its searched settings by dotted name; `progress` its results, by public metric name."""

    trial_id: str
    status: str
    values: Mapping[str, Any]
    progress: Sequence[Mapping[str, Any]]
    on_front: bool

    @property
    def index(self) -> str:
        """The trial's number within the sweep, such as `00000`."""
        return self.trial_id.rpartition("_")[2]

    def figure(self, metric: str) -> float | None:
        """The latest value of a metric; None if it never had one."""
        return next((float(result[metric]) for result in reversed(self.progress) if metric in result), None)

    def curve(self, metric: str) -> tuple[list[float], list[float]]:
        """A metric over agent steps: the steps and the values."""
        points = metrics.curve(self.progress, metric)
        return [float(x) for x, _ in points], [y for _, y in points]


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A sweep: its trials in the order in which they began, their objectives and the search space."""

    run_id: str
    goals: Sequence[Objective]
    space: Mapping[str, Domain]
    trials: Sequence[TrialRecord]
    cores: float  # CPU cores per trial

    @property
    def judged(self) -> list[TrialRecord]:
        """The trials with a value for every objective, sorted by the first objective, best first."""
        goal = self.goals[0]
        known = [t for t in self.trials if all(t.figure(g.metric) is not None for g in self.goals)]
        return sorted(known, key=lambda t: t.figure(goal.metric) or 0.0, reverse=goal.mode == "max")

    @property
    def in_order(self) -> list[TrialRecord]:
        """All trials; those with a value for every objective come first."""
        judged = self.judged
        return [*judged, *(trial for trial in self.trials if trial not in judged)]


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a trial."""

    agent_steps: int
    core_hours: float
    restarts: int
    downtime_s: float

    @classmethod
    def of(cls, trial: TrialRecord, cores: float) -> Cost:
        """The cost of a trial's training, without its start."""
        figure = {name: trial.figure(name) or 0.0 for name in _COSTS}
        return cls(
            agent_steps=int(figure[metrics.AGENT_STEPS]),
            core_hours=figure[metrics.TIME_S] * cores / 3600.0,
            restarts=int(figure[metrics.RESTARTS]),
            downtime_s=figure[metrics.DOWNTIME_S],
        )


_COSTS = (metrics.AGENT_STEPS, metrics.TIME_S, metrics.RESTARTS, metrics.DOWNTIME_S)
