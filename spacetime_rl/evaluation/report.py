"""The results of an evaluation."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from spacetime_rl.game.api import TASK
from spacetime_rl.game.files import overlook
from spacetime_rl.game.trace import Trace
from spacetime_rl.statistics.intervals import Interval, mean, mean_interval, wilson_interval

FORMAT = 1
_NUMBERS = ("episode", TASK)
_COUNTED = (*_NUMBERS, "return", "length", "success")


@dataclass(frozen=True, slots=True)
class AgentResult:
    """The metrics that one agent reported at the end of one episode."""

    episode: int
    agent: str
    policy: str
    metrics: Mapping[str, float]
    task: str = ""  # empty if the game has no tasks
    truncated: bool = False  # the episode ended at a limit


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """The results of one policy, over all its agents in all episodes; `overall` stands for all policies together.

    `success_rate` is the share of agents that succeeded, `episode_success_rate` the share of episodes in which every
    agent succeeded. Both have 95 % Wilson intervals, and are None for a game that reports no success. `metrics` are the
    means of the game's other metrics. `zero_rates` are the shares of episodes in which a metric was 0 for every agent,
    for example without a collision. The sample size of all intervals is the number of episodes, because the results of
    agents in one episode are correlated. All figures are of finished episodes, and None if there are none.
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
    """Episodes that an evaluation did not finish, and the setting that ended it."""

    finished: int
    cut_off: int  # begun but not finished
    not_begun: int
    setting: str

    @property
    def note(self) -> str:
        """A sentence for people: how many episodes were finished, and why not all."""
        total = self.finished + self.cut_off + self.not_begun
        rest = f" and {self.not_begun} not begun" if self.not_begun else ""
        return (
            f"{self.finished} of {total} episodes finished: {self.cut_off} cut off{rest} ({self.setting}); "
            "the figures are of finished episodes only"
        )


@dataclass(frozen=True, slots=True)
class EvalReport:
    """The results of one player on seeded episodes: of every policy, of every agent, and the recorded traces."""

    source: str
    scenario: str
    episodes: int
    seed: int
    overall: PolicyReport
    policies: tuple[PolicyReport, ...]
    restarts: int = 0
    results: tuple[AgentResult, ...] = ()
    traces: tuple[Trace, ...] = field(default=(), compare=False)
    tasks: tuple[PolicyReport, ...] = ()  # one per task, over all policies; empty without several tasks
    bounded: Bounded | None = None  # None if all episodes were finished
    paired: bool = True  # whether equal numbers mean equal episodes for all players; not in a stock game
    # What the games did beside playing: the keys of faults that were survived, how they ended badly when asked to, and
    # the processor time of their processes for each physics tick, None where it is not known.
    faults: tuple[str, ...] = field(default=(), compare=False)
    exit_faults: tuple[str, ...] = field(default=(), compare=False)
    cpu_ms_a_tick: float | None = field(default=None, compare=False)

    @property
    def finished(self) -> int:
        """The number of finished episodes, which the figures are computed from."""
        return self.bounded.finished if self.bounded else self.episodes

    def to_dict(self) -> dict[str, Any]:
        """The summary as plain JSON data, without the large `results` and `traces`."""
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
    """Summarise the results of agents."""
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
    """A report for each task that was played, over all policies; its `episodes` counts the episodes of that task."""
    by_task = {task: [result for result in results if result.task == task] for task in tasks}
    return tuple(
        summarise(task, len({result.episode for result in own}), seed, own) for task, own in by_task.items() if own
    )


def write_episodes(results: Sequence[AgentResult], file: Path) -> None:
    """Write a CSV table with a row for every agent in every episode; a metric that an agent lacks is an empty cell."""
    names = list(dict.fromkeys(name for result in results for name in result.metrics if name not in _NUMBERS))
    with_tasks = any(result.task for result in results)
    file.parent.mkdir(parents=True, exist_ok=True)
    overlook(file.parent)
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["episode", "agent", "policy", *(["task"] if with_tasks else []), *names])
        for result in results:
            values = [f"{result.metrics[name]:g}" if name in result.metrics else "" for name in names]
            task = [result.task] if with_tasks else []
            writer.writerow([result.episode, result.agent, result.policy, *task, *values])


def reporting_success(results: Sequence[AgentResult]) -> set[str]:
    """The policies whose agents reported success, or the lack of it, at least once; only theirs is counted."""
    return {result.policy for result in results if "success" in result.metrics}


def _with_success(results: Sequence[AgentResult]) -> list[AgentResult]:
    """Add `success` 0 where it is missing, for policies that reported it at least once.

    A stock game may report success only when an agent succeeds.
    """
    reporting = reporting_success(results)
    return [
        replace(result, metrics={**result.metrics, "success": 0.0})
        if result.policy in reporting and "success" not in result.metrics
        else result
        for result in results
    ]


def _by_episode(results: Sequence[AgentResult]) -> dict[str, dict[int, list[float]]]:
    """The values of each metric, by episode: one per agent."""
    columns: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        for name, value in result.metrics.items():
            columns[name][result.episode].append(value)
    return columns


def _mean(by_episode: Mapping[int, Sequence[float]]) -> float:
    return mean([value for values in by_episode.values() for value in values])
