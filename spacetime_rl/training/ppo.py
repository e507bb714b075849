"""PPO as RLlib's Algorithm."""

from __future__ import annotations

from ray.rllib.algorithms.ppo import PPOConfig

from spacetime_rl.training.base import SpacetimeAlgorithm


class SpacetimePPO(SpacetimeAlgorithm):
    """PPO over `GameEnvRunner`s: every fragment is played with the latest weights."""

    @classmethod
    def get_default_config(cls) -> PPOConfig:
        """See RLlib."""
        return PPOConfig(cls)
