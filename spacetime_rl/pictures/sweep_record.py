"""What a finished sweep is drawn from: plain figures, of whatever made them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config.search_space import Domain
from spacetime_rl.config.sweep import Objective


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial. `values` are by dotted setting; `progress` holds its results in order, by public metric name."""

    trial_id: str
    status: str
    values: Mapping[str, Any]
    progress: Sequence[Mapping[str, Any]]
    on_front: bool

    @property
    def index(self) -> str:
        """Its number within the sweep, `00000`."""
        return self.trial_id.rpartition("_")[2]

    def figure(self, metric: str) -> float | None:
        """The latest value of a metric; None where it never had one."""
        return next((float(result[metric]) for result in reversed(self.progress) if metric in result), None)

    def curve(self, metric: str) -> tuple[list[float], list[float]]:
        """A metric over agent steps."""
        points = metrics.curve(self.progress, metric)
        return [float(x) for x, _ in points], [y for _, y in points]


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A sweep: its trials in the order in which they began, what they were judged by, what was drawn for what."""

    run_id: str
    goals: Sequence[Objective]
    space: Mapping[str, Domain]
    trials: Sequence[TrialRecord]
    cores: float  # CPU cores that a trial had

    @property
    def judged(self) -> list[TrialRecord]:
        """The trials with a figure for every goal, best first by the first."""
        goal = self.goals[0]
        known = [t for t in self.trials if all(t.figure(g.metric) is not None for g in self.goals)]
        return sorted(known, key=lambda t: t.figure(goal.metric) or 0.0, reverse=goal.mode == "max")

    @property
    def in_order(self) -> list[TrialRecord]:
        """All trials, those that were judged first."""
        judged = self.judged
        return [*judged, *(trial for trial in self.trials if trial not in judged)]


@dataclass(frozen=True, slots=True)
class Cost:
    """What a trial took."""

    agent_steps: int
    core_hours: float
    restarts: int
    dead_time_s: float

    @classmethod
    def of(cls, trial: TrialRecord, cores: float) -> Cost:
        """Its training; starting it is not counted."""
        figure = {name: trial.figure(name) or 0.0 for name in _COSTS}
        return cls(
            agent_steps=int(figure[metrics.AGENT_STEPS]),
            core_hours=figure[metrics.TIME_S] * cores / 3600.0,
            restarts=int(figure[metrics.RESTARTS]),
            dead_time_s=figure[metrics.DOWNTIME_S],
        )


_COSTS = (metrics.AGENT_STEPS, metrics.TIME_S, metrics.RESTARTS, metrics.DOWNTIME_S)
