"""Measure whole training on this machine, with runners and learner: ours, or with RLlib's own parts."""

from __future__ import annotations

import contextlib
import math
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from ray.rllib.algorithms.algorithm import Algorithm
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.ppo import PPO
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS, NUM_ENV_STEPS_SAMPLED

from spacetime_rl import metrics
from spacetime_rl.bench.measure import Measurement, NotMeasurable, Throughput
from spacetime_rl.bench.sampling import as_trained
from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.learning.learners import learner_threads
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.sizing.learners import choose_learners
from spacetime_rl.tuning.ray_session import gpus_there

_MOST_STOCK_GAMES = 8  # per runner of RLlib: each of its arenas is a game process


class Training(Measurement):
    """Iterations of the algorithm that `spacetime-rl train` would run. Ray must be initialised."""

    name = "training"

    def __init__(self, config: RunConfig, plan: RolloutPlan) -> None:
        self.rss_mb = 0.0  # largest resident memory of a runner and its games so far, in MB
        self._config = config
        self._plan = plan
        self._algorithm: Algorithm | None = None
        self._threads = 1

    def open(self) -> None:
        """Build the algorithm and train one iteration to warm up."""
        self.build().train()

    def build(self) -> Algorithm:
        """Build the algorithm, which `close` stops."""
        torch.set_num_threads(learner_threads())
        self._algorithm = self._make_config().build_algo()
        self._threads = torch.get_num_threads()
        return self._algorithm

    def play(self, seconds: float) -> Throughput:
        """Train for whole iterations until `seconds` seconds have passed."""
        torch.set_num_threads(self._threads)  # per process; other measurements set other numbers
        assert self._algorithm is not None
        began = time.perf_counter()
        results = [self._algorithm.train()]
        while time.perf_counter() - began < seconds:
            results.append(self._algorithm.train())
        elapsed_s = time.perf_counter() - began
        self.rss_mb = max(self.rss_mb, *(_figure(result, metrics.RSS_MB) or 0.0 for result in results))
        spec, decisions = self._plan.spec, sum(decisions_of(result) for result in results)
        measured = Throughput.of(decisions, elapsed_s, spec.num_agents, spec.action_repeat, shares=_shares(results))
        p50, p99 = (_figure(results[-1], metrics.of_perf(f"step_ms_{which}")) for which in ("p50", "p99"))
        return replace(measured, step_ms_p50=p50, step_ms_p99=p99)

    def close(self) -> None:
        """Stop the algorithm and remove its log folder."""
        if self._algorithm is not None:
            self._algorithm.stop()
            _remove_logs(Path(self._algorithm.logdir))

    def _make_config(self) -> AlgorithmConfig:
        learners, gpus = choose_learners(self._config.resources, gpus_there())
        return as_trained(self._config.with_learners(learners), self._plan, gpus)


class StockRllib(Training):
    """The same games, networks and batches with RLlib's env runner, connectors, learner and PPO.

    RLlib's interface has one arena per game, so that every arena is a game of its own, at most 8 per runner.
    """

    name = "stock_rllib"

    def __init__(self, config: RunConfig, plan: RolloutPlan) -> None:
        self._games = min(plan.spec.arenas, _MOST_STOCK_GAMES)
        launch, spec = replace(plan.launch, arenas=1), replace(plan.spec, arenas=1)
        super().__init__(
            config, replace(plan, launch=launch, spec=spec, policies=assign_policies(spec, config), games=1)
        )

    def open(self) -> None:
        """Open as `Training` does. Raises NotMeasurable for another algorithm than PPO."""
        require_ppo(self._config)
        super().open()

    def _make_config(self) -> AlgorithmConfig:
        ppo = super()._make_config()
        ppo.algo_class = PPO
        ppo.env_runners(
            env_runner_cls=MultiAgentEnvRunner,
            num_envs_per_env_runner=self._games,
            rollout_fragment_length="auto",
            add_default_connectors_to_env_to_module_pipeline=True,
            add_default_connectors_to_module_to_env_pipeline=True,
        )
        ppo.learners(learner_class=PPOTorchLearner, add_default_connectors_to_learner_pipeline=True)
        ppo.callbacks(RLlibCallback)
        return ppo


def require_ppo(config: RunConfig) -> None:
    """Raise NotMeasurable for another algorithm than PPO, the only one that peers and the learner are measured with."""
    if config.algorithm != "PPO":
        raise NotMeasurable(f"it is measured with PPO, and the algorithm here is {config.algorithm}")


def decisions_of(result: Mapping[str, Any]) -> float:
    """The decisions of whole games that an iteration's result counts."""
    sampled = float(result.get(ENV_RUNNER_RESULTS, {}).get(NUM_ENV_STEPS_SAMPLED, 0.0))
    return 0.0 if math.isnan(sampled) else sampled  # RLlib's sum of no values, once there have been some, is NaN


def _shares(results: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    figures = {part: [_figure(result, metrics.share_of(part)) for result in results] for part in metrics.PARTS}
    return {part: fmean(own) for part, values in figures.items() if (own := [v for v in values if v is not None])}


def _figure(result: Mapping[str, Any], name: str) -> float | None:
    return float(result[name]) if name in result else None


def _remove_logs(folder: Path) -> None:
    """Remove the empty folder that RLlib creates below ~/ray_results for every algorithm."""
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # only if it is empty
