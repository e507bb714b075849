"""Measure training's learner alone: gradient steps over a batch that was played before."""

from __future__ import annotations

import time
from dataclasses import replace

import torch
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.bench.measure import Throughput
from spacetime_rl.bench.training import Training, require_ppo
from spacetime_rl.config import RunConfig
from spacetime_rl.learning.algorithm import SpacetimeAlgorithm
from spacetime_rl.rollout.plan import RolloutPlan


class Learning(Training):
    """One learner on one core learns from the same batch of the game again and again."""

    name = "learning"

    def __init__(self, config: RunConfig, plan: RolloutPlan) -> None:
        rollout = config.rollout.model_copy(update={"runners": 0, "overlap": False})
        resources = config.resources.model_copy(update={"learners": 1, "gpus": 0})
        alone = config.model_copy(update={"rollout": rollout, "resources": resources})
        super().__init__(alone, replace(plan, runners=0))
        self._batch: list[SingleAgentEpisode] = []

    def open(self) -> None:
        """Play a batch in this process, and learn from it once to warm up.

        Raises NotMeasurable for another algorithm than PPO.
        """
        require_ppo(self._config)
        algorithm = self.build()
        assert isinstance(algorithm, SpacetimeAlgorithm)
        self._batch = algorithm.sample_batch()
        self.play(0.0)

    def play(self, seconds: float) -> Throughput:
        """Learn from whole batches until `seconds` seconds have passed."""
        torch.set_num_threads(1)
        assert isinstance(self._algorithm, SpacetimeAlgorithm)
        agent_steps, began, updates, elapsed_s = sum(map(len, self._batch)), time.perf_counter(), 0, 0.0
        while not updates or elapsed_s < seconds:
            self._algorithm.learn(self._batch)
            updates += 1
            elapsed_s = time.perf_counter() - began
        return Throughput(updates * agent_steps / elapsed_s, physics_ticks_per_s=None)
