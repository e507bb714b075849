"""Training from demonstrations alone, as an RLlib Algorithm whose iterations play nothing."""

from __future__ import annotations

import time
from typing import Any

from ray.rllib.utils.metrics import (
    ENV_RUNNER_RESULTS,
    LEARNER_RESULTS,
    LEARNER_UPDATE_TIMER,
    NUM_AGENT_STEPS_SAMPLED,
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    TIMERS,
)

from spacetime_rl.learning.learner import LEFT_OUT, STEPS, SpacetimeLearner
from spacetime_rl.learning.learners import on_all
from spacetime_rl.learning.ppo import SpacetimePPO

_ALL = "demonstrations"  # in place of a policy's name, in RLlib's counts of agent steps


class OfflineTraining(SpacetimePPO):
    """Advantage-weighted behaviour cloning (Wang et al. 2018; Peng et al. 2019) from the demonstrations of a run.

    An iteration learns from about `train_batch_size` decisions, in whole passes. They count as agent steps,
    so that schedules, limits and curves are those of any run. The games' processes are never started.
    """

    def training_step(self) -> None:
        """Learn from the demonstrations once or several times."""
        begins, self._is_new = self._is_new, False
        decisions, size, timesteps = (
            self.config.train_batch_size_per_learner,
            self.config.minibatch_size,
            self._counted(),
        )

        def study(learner: SpacetimeLearner) -> tuple[int, Any]:
            assert learner.teaching is not None
            if begins:
                learner.teaching.start_normalizers()
            learner.before_gradient_based_update(timesteps=timesteps)
            learned = learner.teaching.study(size, decisions)
            learner.log_trained([])
            learner.after_gradient_based_update(timesteps=timesteps)
            return learned, learner.metrics.reduce()

        began = time.perf_counter()
        with self.metrics.log_time((TIMERS, LEARNER_UPDATE_TIMER)):
            learned, reduced = on_all(self.learner_group, study)
        self.metrics.aggregate([reduced], key=LEARNER_RESULTS)
        for key, reduce in ((NUM_AGENT_STEPS_SAMPLED, "sum"), (NUM_AGENT_STEPS_SAMPLED_LIFETIME, "lifetime_sum")):
            self.metrics.log_value((ENV_RUNNER_RESULTS, key, _ALL), learned, reduce=reduce)
        self.learner_s = time.perf_counter() - began
        for notice in self._watch.after_update(self.gradient_steps(STEPS), self.gradient_steps(LEFT_OUT)):
            self.notices.add(notice)

    def _counted(self) -> dict[str, int]:
        """Decisions that were learned from in the whole run, under RLlib's names."""
        counts = self.metrics.peek((ENV_RUNNER_RESULTS, NUM_AGENT_STEPS_SAMPLED_LIFETIME), default={})
        done = int(sum(counts.values()))
        return {NUM_ENV_STEPS_SAMPLED_LIFETIME: done, NUM_AGENT_STEPS_SAMPLED_LIFETIME: done}
