"""APPO and IMPALA as RLlib Algorithms: PPO's learner with V-trace in place of advantage estimation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ray.rllib.algorithms.appo.torch.appo_torch_learner import APPOTorchLearner
from ray.rllib.algorithms.impala.torch.impala_torch_learner import IMPALATorchLearner
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis import TARGET_NETWORK_ACTION_DIST_INPUTS
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.learning.asynchronous import AsynchronousAlgorithm
from spacetime_rl.learning.batches.columns import Batch
from spacetime_rl.learning.batches.vtrace import make_sequence_batch
from spacetime_rl.learning.ppo_learner import SpacetimePPOLearner


class VtraceConfig(PPOConfig):  # type: ignore[misc]
    """PPO's settings, and the settings that only RLlib's V-trace losses read."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class)
        self.vtrace_clip_rho_threshold = 1.0
        self.vtrace_clip_pg_rho_threshold = 1.0


class SpacetimeIMPALA(AsynchronousAlgorithm):
    """IMPALA (Espeholt et al. 2018) over `GameEnvRunner`s."""

    @classmethod
    def get_default_config(cls) -> VtraceConfig:
        """The algorithm's default settings, for RLlib."""
        return VtraceConfig(cls)


class SpacetimeAPPO(SpacetimeIMPALA):
    """APPO (Luo et al. 2020) over `GameEnvRunner`s; its target network is renewed with every update."""


class IMPALALearner(SpacetimePPOLearner):
    """PPO's learner with RLlib's loss for IMPALA, without the threads of RLlib's own IMPALA learner."""

    compute_loss_for_module = IMPALATorchLearner.compute_loss_for_module

    def report_losses(self, minibatches: Mapping[str, Batch]) -> None:
        """Does nothing, because RLlib's loss logs these figures itself."""

    def make_batch(self, policy: str, episodes: Sequence[SingleAgentEpisode]) -> Batch:
        """Rows of consecutive steps, as V-trace needs them."""
        return make_sequence_batch(self.policy(policy), episodes)


class APPOLearner(IMPALALearner):
    """IMPALA's learner with RLlib's loss for APPO."""

    compute_loss_for_module = APPOTorchLearner.compute_loss_for_module

    def make_batch(self, policy: str, episodes: Sequence[SingleAgentEpisode]) -> Batch:
        """IMPALA's batch, with the action distributions of the policy before this update as the target network's."""
        batch: Mapping[str, Any] = super().make_batch(policy, episodes)
        forward = self.policy(policy).forward_train
        now = self.share.rows(batch, lambda own: forward(own)[Columns.ACTION_DIST_INPUTS])
        return {**batch, TARGET_NETWORK_ACTION_DIST_INPUTS: now}
