"""The public metrics of a result, by flat names, from what runners and learner logged under RLlib's."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.core import ALL_MODULES
from ray.rllib.utils.metrics import (
    ENV_RUNNER_RESULTS,
    LEARNER_RESULTS,
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_EPISODES_LIFETIME,
)

from spacetime_rl.notices import NOTICES, to_data
from spacetime_rl.rollout.metrics import OWN, split_source
from spacetime_rl.training.base_learner import LEFT_OUT, STEPS

if TYPE_CHECKING:
    from spacetime_rl.training.base import SpacetimeAlgorithm

CUSTOM = "custom"  # a user's callbacks log under (CUSTOM, name) what is to be recorded as `custom/<name>`
WINDOW_EPISODES = 100  # means are over the latest iterations with at least so many agents' episodes, per policy

_LEARNER_NAMES = {
    "entropy": "entropy",
    "mean_kl_loss": "kl",
    "policy_loss": "policy_loss",
    "mean_pi_loss": "policy_loss",
    "vf_loss": "value_loss",
    "mean_vf_loss": "value_loss",  # IMPALA's, whose vf_loss is a sum
    "vf_explained_var": "explained_variance",
    "qf_loss": "q_loss",
    "qf_mean": "q_mean",
    "alpha_value": "alpha",
    "epsilon": "epsilon",
}
_EPISODE_NAMES = {"return": "return_mean", "length": "length_mean", "success": "success_rate"}


class PublicMetrics(RLlibCallback):  # type: ignore[misc]
    """Adds `agent_steps`, `episodes`, `policy/…`, `scenario/…`, `perf/…` and `health/…` to every result.

    Where there are lessons, `curriculum/…`, and with tasks `task/…`, too. Means over episodes are over agents'
    episodes; the scenario's and a task's are over those of all policies.
    """

    def __init__(self) -> None:
        super().__init__()
        self._windows: defaultdict[str, EpisodeWindow] = defaultdict(EpisodeWindow)
        self._tasks: defaultdict[str, EpisodeWindow] = defaultdict(EpisodeWindow)

    def on_train_result(self, *, algorithm: SpacetimeAlgorithm, result: dict[str, Any], **_: Any) -> None:
        """See RLlib."""
        runners = result.get(ENV_RUNNER_RESULTS, {})
        own = runners.get(OWN, {})
        self._add_episodes(own)
        result["agent_steps"] = int(sum(runners.get(NUM_AGENT_STEPS_SAMPLED_LIFETIME, {}).values()))
        result["episodes"] = int(runners.get(NUM_EPISODES_LIFETIME, 0))
        result.update(self._episode_metrics())
        if algorithm.curriculum is not None:
            result.update(algorithm.curriculum.metrics())
        result.update(_learner_metrics(result.get(LEARNER_RESULTS, {})))
        result.update(_performance(algorithm, runners, float(result["time_this_iter_s"])))
        result[NOTICES] = to_data(algorithm.notices.take())
        result["health/gradient_steps"] = sum(algorithm.gradient_steps(STEPS).values())
        result["health/gradient_steps_left_out"] = sum(algorithm.gradient_steps(LEFT_OUT).values())
        result["health/restarts"] = int(own.get("restarts", 0))
        result["health/recycled"] = int(own.get("recycled", 0))
        result["health/script_errors"] = int(own.get("script_errors", 0))
        result["health/dead_time_s"] = float(own.get("dead_time_s", 0.0))
        result["health/rss_mb"] = float(own.get("rss_mb", 0.0))
        result["health/rss_slope_mb_per_h"] = float(own.get("rss_slope_mb_per_h", 0.0))
        result.update((f"custom/{name}", float(value)) for name, value in runners.get(CUSTOM, {}).items())

    def _add_episodes(self, own: Mapping[str, Any]) -> None:
        policies: defaultdict[str, EpisodeSums] = defaultdict(EpisodeSums)
        tasks: defaultdict[str, EpisodeSums] = defaultdict(EpisodeSums)
        for source, episodes in own.get("episodes", {}).items():
            if math.isnan(episodes):  # as RLlib sums nothing, once there has been something
                continue
            sums = EpisodeSums(int(episodes), own["totals"][source], own.get("counts", {}).get(source))
            policy, task = split_source(source)
            policies[policy].add(sums)
            if task is not None:
                tasks[task].add(sums)
        for windows, found in ((self._windows, policies), (self._tasks, tasks)):
            for name, sums in found.items():
                windows[name].add(sums)

    def _episode_metrics(self) -> Iterator[tuple[str, float]]:
        scenario = EpisodeSums()
        for policy, window in self._windows.items():
            sums = window.sums()
            scenario.add(sums)
            yield from ((f"policy/{policy}/{name}", mean) for name, mean in sums.means())
        yield from ((f"scenario/{name}", mean) for name, mean in scenario.means())
        for task, window in self._tasks.items():
            yield from ((f"task/{task}/{name}", mean) for name, mean in window.sums().means())


class EpisodeSums:
    """Sums over agents' episodes, metric by metric, each with the episodes that have it."""

    def __init__(
        self, episodes: int = 0, totals: Mapping[str, float] | None = None, counts: Mapping[str, float] | None = None
    ) -> None:
        self.episodes = episodes
        # RLlib keeps a metric that no episode of this iteration had, as not a number.
        self._totals = Counter({name: total for name, total in (totals or {}).items() if not math.isnan(total)})
        self._counts = Counter({name: episodes if counts is None else counts[name] for name in self._totals})

    def add(self, other: EpisodeSums) -> None:
        """Add another's sums; a metric only some episodes have is averaged over those."""
        self.episodes += other.episodes
        self._totals.update(other._totals)
        self._counts.update(other._counts)

    def means(self) -> Iterator[tuple[str, float]]:
        """Public name and mean of every metric."""
        for name, total in self._totals.items():
            yield _EPISODE_NAMES.get(name, name), float(total / self._counts[name])


class EpisodeWindow:
    """The latest iterations that have `WINDOW_EPISODES` episodes together."""

    def __init__(self) -> None:
        self._iterations: deque[EpisodeSums] = deque()

    def add(self, iteration: EpisodeSums) -> None:
        """Add an iteration, drop those no longer needed."""
        self._iterations.append(iteration)
        while sum(sums.episodes for sums in self._iterations) - self._iterations[0].episodes >= WINDOW_EPISODES:
            self._iterations.popleft()

    def sums(self) -> EpisodeSums:
        """Over the whole window."""
        whole = EpisodeSums()
        for sums in self._iterations:
            whole.add(sums)
        return whole


def _learner_metrics(learners: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, float]]:
    for policy, metrics in learners.items():
        for theirs, ours in _LEARNER_NAMES.items():
            if theirs in metrics and policy != ALL_MODULES:
                yield f"policy/{policy}/{ours}", float(metrics[theirs])


def _performance(
    algorithm: SpacetimeAlgorithm, runners: Mapping[str, Any], iteration_s: float
) -> Iterator[tuple[str, float]]:
    """Where the iteration's time went. Of the runners' the mean is taken: they play at the same time."""
    own = runners.get(OWN, {})
    playing_s = iteration_s * max(1, algorithm.config.num_env_runners)
    yield "perf/agent_steps_per_s", float(sum(runners.get(NUM_AGENT_STEPS_SAMPLED, {}).values()) / iteration_s)
    for name in ("step_ms_p50", "step_ms_p99"):
        if name in own:
            yield f"perf/{name}", float(own[name])
    for share in ("game", "wire", "forward"):
        yield f"perf/share_{share}", float(own.get(f"{share}_s", 0.0)) / playing_s
    yield "perf/share_learner", algorithm.learner_s / iteration_s
