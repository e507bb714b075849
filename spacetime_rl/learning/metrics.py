"""Turns the metrics that runners and learner log under RLlib's names into the public metrics of a result."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.core import ALL_MODULES
from ray.rllib.utils.metrics import (
    ENV_RUNNER_RESULTS,
    LEARNER_RESULTS,
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_TRAINED_LIFETIME,
    NUM_EPISODES_LIFETIME,
    NUM_MODULE_STEPS_TRAINED_LIFETIME,
)

from spacetime_rl import metrics
from spacetime_rl.learning.learner import LEFT_OUT, STEPS
from spacetime_rl.notices import NOTICES, to_data
from spacetime_rl.rollout.metrics import LEAST, MOST, OWN, split_source
from spacetime_rl.rollout.plan import PLAN

if TYPE_CHECKING:
    from spacetime_rl.learning.algorithm import SpacetimeAlgorithm

CUSTOM = "custom"  # a user's callbacks log under (CUSTOM, name) to record the metric `custom/<name>`
# Means of a policy cover the latest iterations that together have at least this many agents' episodes.
WINDOW_EPISODES = 100


class PublicMetrics(RLlibCallback):  # type: ignore[misc]
    """Adds `agent_steps`, `episodes`, `policy/…`, `scenario/…`, `perf/…` and `health/…` to every result.

    Adds `curriculum/…` where there are lessons, `task/…` where there are tasks, and `league/…` in a league. Means over
    episodes count agents' episodes. The means of the scenario and of a task cover the episodes of all policies but
    those that a script plays: an opponent's success says nothing of what is learned.
    """

    def __init__(self) -> None:
        super().__init__()
        self._windows: defaultdict[str, EpisodeWindow] = defaultdict(EpisodeWindow)
        self._tasks: defaultdict[str, EpisodeWindow] = defaultdict(EpisodeWindow)

    def on_train_result(self, *, algorithm: SpacetimeAlgorithm, result: dict[str, Any], **_: Any) -> None:
        """Add the public metrics and the notices to a result."""
        runners = result.get(ENV_RUNNER_RESULTS, {})
        own = runners.get(OWN, {})
        plan = algorithm.config.env_config[PLAN]
        ended = self._add_episodes(own, plan.launch.scripted)
        result[metrics.EPISODES_BY_POLICY], result[metrics.EPISODES_NOW] = ended, sum(ended.values())
        result.update(_counters(runners, result.get(LEARNER_RESULTS, {}), plan.spec.arenas))
        result[metrics.AGENT_STEPS] = int(sum(runners.get(NUM_AGENT_STEPS_SAMPLED_LIFETIME, {}).values()))
        result[metrics.EPISODES] = int(runners.get(NUM_EPISODES_LIFETIME, 0))
        result.update(self._episode_metrics(plan.launch.scripted))
        if algorithm.curriculum is not None:
            result.update(algorithm.curriculum.metrics())
        if algorithm.league is not None:
            result.update(algorithm.league.metrics())
        result.update(_learner_metrics(result.get(LEARNER_RESULTS, {})))
        result.update(_performance(algorithm, runners, float(result[metrics.ITERATION_S])))
        result[NOTICES] = to_data(algorithm.notices.take())
        result[metrics.GRADIENT_STEPS] = sum(algorithm.gradient_steps(STEPS).values())
        result[metrics.GRADIENT_STEPS_LEFT_OUT] = sum(algorithm.gradient_steps(LEFT_OUT).values())
        for name in ("restarts", "recycled", "script_errors"):
            result[metrics.of_health(name)] = int(own.get(name, 0))
        for name in ("downtime_s", "rss_mb", "rss_slope_mb_per_h"):
            result[metrics.of_health(name)] = float(own.get(name, 0.0))
        result.update((metrics.of_custom(name), float(value)) for name, value in runners.get(CUSTOM, {}).items())

    def _add_episodes(self, own: Mapping[str, Any], scripted: Collection[str] = ()) -> dict[str, int]:
        """Add an iteration's episodes to the windows; the number of episodes of each policy in it."""
        policies: defaultdict[str, EpisodeSums] = defaultdict(EpisodeSums)
        tasks: defaultdict[str, EpisodeSums] = defaultdict(EpisodeSums)
        for source, episodes in own.get("episodes", {}).items():
            if math.isnan(episodes):  # RLlib's sum of nothing is NaN once there has been a value
                continue
            ends = own.get(LEAST, {}).get(source), own.get(MOST, {}).get(source)
            sums = EpisodeSums(int(episodes), own["totals"][source], own.get("counts", {}).get(source), ends)
            policy, task = split_source(source)
            policies[policy].add(sums)
            if task is not None and policy not in scripted:
                tasks[task].add(sums)
        for windows, found in ((self._windows, policies), (self._tasks, tasks)):
            for name, sums in found.items():
                windows[name].add(sums)
        return {policy: sums.episodes for policy, sums in policies.items()}

    def _episode_metrics(self, scripted: Collection[str] = ()) -> Iterator[tuple[str, float]]:
        scenario = EpisodeSums()
        for policy, window in self._windows.items():
            sums = window.sums()
            if policy not in scripted:
                scenario.add(sums)
            yield from (
                (metrics.of_policy(policy, name), mean)
                for name, mean in sums.means()
                if not metrics.is_wall_clock(name)
            )
        for name, mean in scenario.means():
            yield name if metrics.is_wall_clock(name) else metrics.of_scenario(name), mean
        for task, window in self._tasks.items():
            yield from ((metrics.of_task(task, name), mean) for name, mean in window.sums().means())


class EpisodeSums:
    """Sums over agents' episodes by metric, and for each metric the number of episodes that have it."""

    def __init__(
        self,
        episodes: int = 0,
        totals: Mapping[str, float] | None = None,
        counts: Mapping[str, float] | None = None,
        ends: tuple[float | None, float | None] = (None, None),
    ) -> None:
        self.episodes = episodes
        self._least, self._most = (metrics.finite(end) for end in ends)  # the smallest and the largest return
        # If no episode of this iteration had a metric, RLlib keeps it as NaN.
        self._totals = Counter({name: total for name, total in (totals or {}).items() if not math.isnan(total)})
        self._counts = Counter({name: episodes if counts is None else counts[name] for name in self._totals})

    def add(self, other: EpisodeSums) -> None:
        """Add another's sums. A metric that only some episodes have is averaged over those episodes."""
        self.episodes += other.episodes
        self._least = min((end for end in (self._least, other._least) if end is not None), default=None)
        self._most = max((end for end in (self._most, other._most) if end is not None), default=None)
        self._totals.update(other._totals)
        self._counts.update(other._counts)

    def means(self) -> Iterator[tuple[str, float]]:
        """Public name and mean of every metric, and the limits of the return where they are known."""
        for name, total in self._totals.items():
            yield metrics.of_episodes(name), float(total / self._counts[name])
        for name, end in ((metrics.RETURN_MIN, self._least), (metrics.RETURN_MAX, self._most)):
            if end is not None:
                yield name, end


class EpisodeWindow:
    """The latest iterations that together have at least `WINDOW_EPISODES` episodes."""

    def __init__(self) -> None:
        self._iterations: deque[EpisodeSums] = deque()

    def add(self, iteration: EpisodeSums) -> None:
        """Add an iteration, and drop the oldest ones that are no longer needed."""
        self._iterations.append(iteration)
        while sum(sums.episodes for sums in self._iterations) - self._iterations[0].episodes >= WINDOW_EPISODES:
            self._iterations.popleft()

    def sums(self) -> EpisodeSums:
        """Sums over the whole window."""
        whole = EpisodeSums()
        for sums in self._iterations:
            whole.add(sums)
        return whole


def _counters(runners: Mapping[str, Any], learners: Mapping[str, Any], arenas: int) -> dict[str, int]:
    """Steps of environments, which are arenas, and steps that learners were given, each time that they were.

    RLlib's counters of environment steps count the decisions of whole games in runners, and agent steps in learners.
    """
    learned = learners.get(ALL_MODULES, {})
    env_steps = arenas * _count(runners.get(NUM_ENV_STEPS_SAMPLED_LIFETIME))
    agent_steps = sum(map(_count, runners.get(NUM_AGENT_STEPS_SAMPLED_LIFETIME, {}).values()))
    given = _count(learned.get(NUM_ENV_STEPS_TRAINED_LIFETIME))
    return {
        metrics.ENV_STEPS: env_steps,
        metrics.ENV_STEPS_NOW: arenas * _count(runners.get(NUM_ENV_STEPS_SAMPLED)),
        metrics.ENV_STEPS_TRAINED: round(env_steps * given / agent_steps) if agent_steps else 0,
        metrics.AGENT_STEPS_TRAINED: _count(learned.get(NUM_MODULE_STEPS_TRAINED_LIFETIME)),
    }


def _count(value: Any) -> int:
    return int(metrics.finite(value) or 0)


def _learner_metrics(learners: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, float]]:
    return metrics.learner_metrics({policy: found for policy, found in learners.items() if policy != ALL_MODULES})


def _performance(
    algorithm: SpacetimeAlgorithm, runners: Mapping[str, Any], iteration_s: float
) -> Iterator[tuple[str, float]]:
    """Where the iteration's time went. The runners' times are averaged, because they play at the same time."""
    own = runners.get(OWN, {})
    playing_s = iteration_s * max(1, algorithm.config.num_env_runners)
    yield metrics.STEPS_PER_S, float(sum(runners.get(NUM_AGENT_STEPS_SAMPLED, {}).values()) / iteration_s)
    for name in ("step_ms_p50", "step_ms_p99"):
        if name in own:
            yield metrics.of_perf(name), float(own[name])
    for share in ("game", "wire", "forward"):
        yield metrics.share_of(share), float(own.get(f"{share}_s", 0.0)) / playing_s
    yield metrics.share_of("learner"), algorithm.learner_s / iteration_s
