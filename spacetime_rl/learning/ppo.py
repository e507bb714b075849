"""PPO as RLlib Algorithms, with or without overlap of playing and learning."""

from __future__ import annotations

import time

from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.learning.algorithm import PLAY, REVIVE_TIMEOUT_S, SpacetimeAlgorithm, agent_steps_of, check_played
from spacetime_rl.rollout.directive import Played

_LEAST_SHARE = 0.25  # of the requested agent steps that a request allows for
_PATIENCE_S = 1.0  # seconds between checks whether an awaited runner has died


class SpacetimePPO(SpacetimeAlgorithm):
    """PPO over `GameEnvRunner`s: every fragment is played with the latest weights."""

    @classmethod
    def get_default_config(cls) -> PPOConfig:
        """The algorithm's default settings, for RLlib."""
        return PPOConfig(cls)


class OverlappingPPO(SpacetimePPO):
    """PPO whose runners play the next batch while the learner learns from the last one.

    A batch is thus played with weights that are one update old; `OlderExperienceLearner` allows for that.
    """

    _share = 1.0  # of the agent steps that were requested for the last batch, those that were played

    def sample_batch(self) -> list[SingleAgentEpisode]:
        """The fragments that runners played since the last request; requests their next fragments.

        Agents that wait for their arena's next episode play none of the requested steps, so the next request is larger
        by what they lacked in the last one.
        """
        runners = self.env_runner_group
        if not runners.num_remote_env_runners():
            return super().sample_batch()
        deadline = time.monotonic() + REVIVE_TIMEOUT_S
        played: list[Played] = []
        while not played:
            if not runners.num_in_flight_async_reqs(PLAY) and not self.ask_runners(self._share):
                self.revive_runners(deadline)
            while runners.num_in_flight_async_reqs(PLAY):
                ready = runners.fetch_ready_async_reqs(tags=PLAY, timeout_seconds=_PATIENCE_S)
                played += check_played([result for _, result in ready])
        asked = len(played) * self.config.rollout_fragment_length / self._share
        self._share = min(1.0, max(_LEAST_SHARE, agent_steps_of(played) / asked))
        episodes = self.take(played)
        self.ask_runners(self._share)
        return episodes
