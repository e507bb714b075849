"""What an evaluation found."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from spacetime_rl.evaluation.intervals import Interval, mean, mean_interval, wilson_interval
from spacetime_rl.game.api import TASK
from spacetime_rl.game.trace import Trace

FORMAT = 1
_NUMBERS = ("episode", TASK)
_COUNTED = (*_NUMBERS, "return", "length", "success")


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What one agent reported at the end of one episode."""

    episode: int
    agent: str
    policy: str
    metrics: Mapping[str, float]
    task: str = ""  # where there are several
    truncated: bool = False  # it ended at a limit, and not by what happened in it


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """How one policy did, over all its agents in all episodes; `overall` is all policies together.

    `success_rate` is that of agents, `episode_success_rate` the share of episodes in which every agent succeeded; both
    with 95 % Wilson intervals, and None for a game that does not say what success is. `metrics` are means of what else
    the game measured, and `zero_rates` the shares of episodes in which a metric was 0 for every agent (no collision,
    say). Intervals count episodes, not agents: agents of one episode share their luck. Figures are over finished
    episodes, and None where there are none.
    """

    policy: str
    episodes: int
    seed: int
    success_rate: float | None
    success_ci: Interval | None
    episode_success_rate: float | None
    episode_success_ci: Interval | None
    return_mean: float | None
    return_ci: Interval | None
    length_mean: float | None
    length_ci: Interval | None
    metrics: Mapping[str, float]
    metrics_ci: Mapping[str, Interval]
    zero_rates: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Bounded:
    """How an evaluation ended before all its episodes did, and by which setting."""

    finished: int
    cut_off: int  # had begun
    not_begun: int
    setting: str

    @property
    def note(self) -> str:
        """A sentence for people."""
        total = self.finished + self.cut_off + self.not_begun
        rest = f" and {self.not_begun} not begun" if self.not_begun else ""
        return (
            f"{self.finished} of {total} episodes finished: {self.cut_off} cut off{rest} ({self.setting}); "
            "the figures are of finished episodes only"
        )


@dataclass(frozen=True, slots=True)
class EvalReport:
    """Every policy of one source on the same seeded episodes, with what each agent reported and what was recorded."""

    source: str
    scenario: str
    episodes: int
    seed: int
    overall: PolicyReport
    policies: tuple[PolicyReport, ...]
    restarts: int = 0
    results: tuple[AgentResult, ...] = ()
    traces: tuple[Trace, ...] = field(default=(), compare=False)
    tasks: tuple[PolicyReport, ...] = ()  # over all policies, each under its task's name; empty where there is one only
    bounded: Bounded | None = None  # where not all episodes were played to their end
    paired: bool = True  # with any other player's: the same number is the same episode, as in no stock game

    @property
    def finished(self) -> int:
        """Episodes that were played to their end: what the figures are of."""
        return self.bounded.finished if self.bounded else self.episodes

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain JSON data; `results` and `traces` are large and stay out."""
        return {
            "format": FORMAT,
            "source": self.source,
            "scenario": self.scenario,
            "episodes": self.episodes,
            "seed": self.seed,
            "restarts": self.restarts,
            "overall": asdict(self.overall),
            "policies": {report.policy: asdict(report) for report in self.policies},
            **({"tasks": {report.policy: asdict(report) for report in self.tasks}} if self.tasks else {}),
            **({"bounded": asdict(self.bounded) | {"note": self.bounded.note}} if self.bounded else {}),
        }


def summarise(policy: str, episodes: int, seed: int, results: Sequence[AgentResult]) -> PolicyReport:
    """Sum up what agents reported."""
    columns = _by_episode(_with_success(results))
    rate = _mean(columns["success"]) if "success" in columns else None
    together = None if rate is None else mean([float(min(values) >= 1.0) for values in columns["success"].values()])
    own = [name for name in columns if name not in _COUNTED]
    measured = [name for name in own if not name.startswith("reward/")]
    return PolicyReport(
        policy=policy,
        episodes=episodes,
        seed=seed,
        success_rate=rate,
        success_ci=None if rate is None else wilson_interval(rate, episodes),
        episode_success_rate=together,
        episode_success_ci=None if together is None else wilson_interval(together, episodes),
        return_mean=_mean(columns["return"]) if results else None,
        return_ci=mean_interval(list(columns["return"].values())) if results else None,
        length_mean=_mean(columns["length"]) if results else None,
        length_ci=mean_interval(list(columns["length"].values())) if results else None,
        metrics={name: _mean(columns[name]) for name in own},
        metrics_ci={name: mean_interval(list(columns[name].values())) for name in own},
        zero_rates={name: mean([float(not any(values)) for values in columns[name].values()]) for name in measured},
    )


def summarise_tasks(tasks: Sequence[str], seed: int, results: Sequence[AgentResult]) -> tuple[PolicyReport, ...]:
    """A report for each task that was played, over all policies; `episodes` are the task's own."""
    by_task = {task: [result for result in results if result.task == task] for task in tasks}
    return tuple(
        summarise(task, len({result.episode for result in own}), seed, own) for task, own in by_task.items() if own
    )


def write_episodes(results: Sequence[AgentResult], file: Path) -> None:
    """A CSV table: a row for every agent in every episode; what an agent does not measure is left empty."""
    names = list(dict.fromkeys(name for result in results for name in result.metrics if name not in _NUMBERS))
    with_tasks = any(result.task for result in results)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["episode", "agent", "policy", *(["task"] if with_tasks else []), *names])
        for result in results:
            values = [f"{result.metrics[name]:g}" if name in result.metrics else "" for name in names]
            task = [result.task] if with_tasks else []
            writer.writerow([result.episode, result.agent, result.policy, *task, *values])


def _with_success(results: Sequence[AgentResult]) -> list[AgentResult]:
    """A stock game may report success alone: of a policy that has ever reported any, what is missing has failed."""
    reporting = {result.policy for result in results if "success" in result.metrics}
    return [
        replace(result, metrics={**result.metrics, "success": 0.0})
        if result.policy in reporting and "success" not in result.metrics
        else result
        for result in results
    ]


def _by_episode(results: Sequence[AgentResult]) -> dict[str, dict[int, list[float]]]:
    """For each metric what its agents reported, by episode."""
    columns: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        for name, value in result.metrics.items():
            columns[name][result.episode].append(value)
    return columns


def _mean(by_episode: Mapping[int, Sequence[float]]) -> float:
    return mean([value for values in by_episode.values() for value in values])
