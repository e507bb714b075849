"""PPO as RLlib's Algorithm."""

from __future__ import annotations

import time

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.learning.algorithm import PLAY, REVIVE_TIMEOUT_S, SpacetimeAlgorithm, check_played
from spacetime_rl.rollout.directive import Played

_PATIENCE_S = 1.0  # before looking again whether a runner that is waited for has died


class SpacetimePPO(SpacetimeAlgorithm):
    """PPO over `GameEnvRunner`s: every fragment is played with the latest weights."""

    @classmethod
    def get_default_config(cls) -> PPOConfig:
        """See RLlib."""
        return PPOConfig(cls)


class OverlappingPPO(SpacetimePPO):
    """PPO whose runners play the next batch while the learner learns from the last one.

    A batch is thus played with weights one update old. The probabilities with which its actions were drawn travel with
    it, so that the clipped loss stays what it is.
    """

    def sample_batch(self) -> list[SingleAgentEpisode]:
        """What the runners have played since they were asked last; asks them for their next fragments.

        It is somewhat less than a batch where agents wait for their arena's next episode.
        """
        runners = self.env_runner_group
        if not runners.num_remote_env_runners():
            return super().sample_batch()
        deadline = time.monotonic() + REVIVE_TIMEOUT_S
        played: list[Played] = []
        while not played:
            if not runners.num_in_flight_async_reqs(PLAY) and not self.ask_runners():
                self.revive_runners(deadline)
            while runners.num_in_flight_async_reqs(PLAY):
                ready = runners.fetch_ready_async_reqs(tags=PLAY, timeout_seconds=_PATIENCE_S)
                played += check_played([result for _, result in ready])
        episodes = self.take(played)
        self.ask_runners()
        return episodes
