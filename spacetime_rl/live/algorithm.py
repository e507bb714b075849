"""PPO that learns from games as they come: an iteration waits for a batch of what they experienced."""

from __future__ import annotations

from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import ENV_RUNNER_SAMPLING_TIMER, SYNCH_WORKER_WEIGHTS_TIMER, TIMERS

from spacetime_rl.learning.ppo import SpacetimePPO


class LivePPO(SpacetimePPO):
    """PPO over a `LiveEnvRunner`.

    Until games have experienced a first batch, the first iteration goes on. Later ones end also without a batch, after
    `runner.IDLE_S`, and learn nothing, so that a run whose games have gone can be stopped.
    """

    _kept: list[SingleAgentEpisode] = []  # noqa: RUF012  # replaced, never changed

    def training_step(self) -> None:
        """Wait for a batch, learn from it, and give the server the new weights."""
        self.begin_imitation()
        wanted = int(self.config.train_batch_size_per_learner)
        with self.metrics.log_time((TIMERS, ENV_RUNNER_SAMPLING_TIMER)):
            while True:
                missing = wanted - sum(map(len, self._kept))
                self._kept = self._kept + self.take(self._play_fragments(max(1, missing)))
                is_whole = sum(map(len, self._kept)) >= wanted
                if is_whole or self.training_iteration:
                    break
        self.learner_s = 0.0
        if not is_whole:
            return
        episodes, self._kept = self._kept, []
        learned = self.learn(episodes)
        with self.metrics.log_time((TIMERS, SYNCH_WORKER_WEIGHTS_TIMER)):
            self.env_runner_group.sync_weights(
                from_worker_or_learner_group=self.learner_group, policies=learned, inference_only=True
            )
