"""The metrics that a runner logs for the fragments of one `sample()`: RLlib's own, and sums for the public ones."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from ray.rllib.utils.metrics import (
    EPISODE_LEN_MAX,
    EPISODE_LEN_MEAN,
    EPISODE_LEN_MIN,
    EPISODE_MODULE_RETURN_MEAN,
    EPISODE_RETURN_MAX,
    EPISODE_RETURN_MEAN,
    EPISODE_RETURN_MIN,
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_EPISODES,
    NUM_EPISODES_LIFETIME,
    NUM_MODULE_STEPS_SAMPLED,
    NUM_MODULE_STEPS_SAMPLED_LIFETIME,
)
from ray.rllib.utils.metrics.metrics_logger import MetricsLogger

from spacetime_rl.game.api import TASK, EndedAgent
from spacetime_rl.rollout.lesson import LessonOutcome
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.recording import Fragment

# Subtree of a runner's metrics that `learning.metrics` turns into the public names.
OWN = "spacetime"
LESSONS = "lessons"
LEAST, MOST = "least_return", "most_return"  # of an agent's episodes, by source

_NUMBERS = ("episode", TASK)  # entries of an agent's metrics that are not measurements
_OF = "@"  # separates policy and task; neither's name contains it


def split_source(source: str) -> tuple[str, str | None]:
    """The policy, and the task if there are several, whose episodes were summed under `source`."""
    policy, _, task = source.partition(_OF)
    return policy, task or None


def lesson_outcomes(metrics: Mapping[str, Any]) -> Iterator[LessonOutcome]:
    """The results of lessons in a runner's metrics."""
    for lesson, sums in metrics[OWN].get(LESSONS, {}).items():
        steps, episodes, successes = (float(sums[name]) for name in ("agent_steps", "episodes", "successes"))
        if steps > 0:  # RLlib keeps the sums of past lessons, as zero or NaN
            yield LessonOutcome(int(lesson), int(steps), int(episodes), successes)


class RunnerMetrics:
    """Logs the metrics of fragments once per `sample()`, not once per agent or step."""

    def __init__(self, logger: MetricsLogger, plan: RolloutPlan, window: int) -> None:
        self._logger = logger
        self._window = window
        self._policies = [policy.name for policy in plan.policies]
        self._tasks = [task.name for task in plan.spec.tasks]
        self._policy_of = {int(agent): policy.name for policy in plan.policies for agent in policy.agents}

    def log(self, fragments: Sequence[Fragment]) -> None:
        """Log all fragments of one `sample()`."""
        self._log_steps(fragments)
        self._log_time(fragments)
        self._log_lessons(fragments)
        ended = [agent for fragment in fragments for agent in fragment.ended]
        if ended:
            self._log_rllib_episodes(ended)
            self._log_episodes(ended)

    def log_health(
        self,
        restarts: int,
        recycled: int,
        downtime_s: float,
        script_errors: int,
        rss_mb: float,
        slope_mb_per_h: float,
    ) -> None:
        """Log the events since the last call, and the resident memory of the runner and its games in MB."""
        self._lifetime((OWN, "restarts"), restarts)
        self._lifetime((OWN, "recycled"), recycled)
        self._lifetime((OWN, "downtime_s"), downtime_s)
        self._lifetime((OWN, "script_errors"), script_errors)
        self._logger.log_value((OWN, "rss_mb"), rss_mb, reduce="max", window=1)
        self._logger.log_value((OWN, "rss_slope_mb_per_h"), slope_mb_per_h, reduce="max", window=1)

    def _log_steps(self, fragments: Sequence[Fragment]) -> None:
        env_steps = sum(len(fragment.step_s) for fragment in fragments)
        self._sum((NUM_ENV_STEPS_SAMPLED,), env_steps)
        self._lifetime((NUM_ENV_STEPS_SAMPLED_LIFETIME,), env_steps, with_throughput=True)
        for index, policy in enumerate(self._policies):
            steps = sum(fragment.agent_steps[index] for fragment in fragments)
            self._sum((NUM_AGENT_STEPS_SAMPLED, policy), steps)
            self._lifetime((NUM_AGENT_STEPS_SAMPLED_LIFETIME, policy), steps)
            self._sum((NUM_MODULE_STEPS_SAMPLED, policy), steps)
            self._lifetime((NUM_MODULE_STEPS_SAMPLED_LIFETIME, policy), steps)

    def _log_time(self, fragments: Sequence[Fragment]) -> None:
        step_s = np.concatenate([fragment.step_s for fragment in fragments])
        if not step_s.size:  # nobody has played, where games connect by themselves
            return
        self._sum((OWN, "game_s"), sum(fragment.game_s for fragment in fragments))
        self._sum((OWN, "wire_s"), sum(fragment.wire_s for fragment in fragments))
        self._sum((OWN, "forward_s"), sum(fragment.decide_s for fragment in fragments))
        p50, p99 = np.percentile(step_s, (50, 99)) * 1000
        self._logger.log_value((OWN, "step_ms_p50"), float(p50), reduce="mean", window=1)
        self._logger.log_value((OWN, "step_ms_p99"), float(p99), reduce="max", window=1)

    def _log_rllib_episodes(self, ended: Sequence[EndedAgent]) -> None:
        returns = np.array([agent.metrics["return"] for agent in ended])
        lengths = np.array([agent.metrics["length"] for agent in ended])
        self._sum((NUM_EPISODES,), len(ended))
        self._lifetime((NUM_EPISODES_LIFETIME,), len(ended))
        for key, value, reduce in (
            (EPISODE_RETURN_MEAN, returns.mean(), "mean"),
            (EPISODE_RETURN_MIN, returns.min(), "min"),
            (EPISODE_RETURN_MAX, returns.max(), "max"),
            (EPISODE_LEN_MEAN, lengths.mean(), "mean"),
            (EPISODE_LEN_MIN, lengths.min(), "min"),
            (EPISODE_LEN_MAX, lengths.max(), "max"),
        ):
            self._logger.log_value(key, float(value), reduce=reduce, window=self._window)
        by_policy = defaultdict(list)
        for agent in ended:
            by_policy[self._policy_of[agent.agent]].append(agent.metrics["return"])
        for policy, values in by_policy.items():
            self._logger.log_value(
                (EPISODE_MODULE_RETURN_MEAN, policy), float(np.mean(values)), reduce="mean", window=self._window
            )

    def _log_episodes(self, ended: Sequence[EndedAgent]) -> None:
        """Log sums over agents' episodes by source and metric, so that means over all runners are exact.

        A stock game may report a metric in some episodes only; `counts` holds the number of those episodes.
        """
        episodes: Counter[str] = Counter()
        returns: defaultdict[str, list[float]] = defaultdict(list)
        totals: defaultdict[str, Counter[str]] = defaultdict(Counter)
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for agent in ended:
            source = self._source_of(agent)
            measured = {name: value for name, value in agent.metrics.items() if name not in _NUMBERS}
            episodes[source] += 1
            returns[source].append(agent.metrics["return"])
            totals[source].update(measured)
            counts[source].update(measured.keys())
        for source, number in episodes.items():
            self._sum((OWN, "episodes", source), number)
            self._logger.log_value((OWN, LEAST, source), min(returns[source]), reduce="min")
            self._logger.log_value((OWN, MOST, source), max(returns[source]), reduce="max")
            for name, total in totals[source].items():
                self._sum((OWN, "totals", source, name), float(total))
                self._sum((OWN, "counts", source, name), float(counts[source][name]))

    def _source_of(self, agent: EndedAgent) -> str:
        policy = self._policy_of[agent.agent]
        return f"{policy}{_OF}{self._tasks[int(agent.metrics[TASK])]}" if self._tasks else policy

    def _log_lessons(self, fragments: Sequence[Fragment]) -> None:
        """Log the sums of the fragments' lesson results, by the lesson's number and by quantity."""
        for outcome in (fragment.lesson for fragment in fragments if fragment.lesson is not None):
            for name in ("agent_steps", "episodes", "successes"):
                self._sum((OWN, LESSONS, str(outcome.lesson), name), float(getattr(outcome, name)))

    def _sum(self, key: tuple[str, ...], value: float) -> None:
        self._logger.log_value(key, value, reduce="sum")

    def _lifetime(self, key: tuple[str, ...], value: float, *, with_throughput: bool = False) -> None:
        self._logger.log_value(key, value, reduce="lifetime_sum", with_throughput=with_throughput)
