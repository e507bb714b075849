"""PPO as RLlib Algorithms, with or without overlap of playing and learning."""

from __future__ import annotations

import time

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.learning.algorithm import PLAY, REVIVE_TIMEOUT_S, SpacetimeAlgorithm, check_played
from spacetime_rl.rollout.directive import Played

_PATIENCE_S = 1.0  # seconds between checks whether an awaited runner has died


class SpacetimePPO(SpacetimeAlgorithm):
    """PPO over `GameEnvRunner`s: every fragment is played with the latest weights."""

    @classmethod
    def get_default_config(cls) -> PPOConfig:
        """The algorithm's default settings, for RLlib."""
        return PPOConfig(cls)


class OverlappingPPO(SpacetimePPO):
    """PPO whose runners play the next batch while the learner learns from the last one.

    A batch is thus played with weights that are one update old. The log-probabilities of its actions are part of it, so
    the clipped loss stays valid.
    """

    def sample_batch(self) -> list[SingleAgentEpisode]:
        """The fragments that runners played since the last request; requests their next fragments.

        They are somewhat less than a batch if agents wait for their arena's next episode.
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
