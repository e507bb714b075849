"""SAC and DQN as RLlib Algorithms: every policy learns from a replay buffer of its own, with RLlib's losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self, cast

import numpy as np
import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.algorithms.dqn.torch.dqn_torch_learner import DQNTorchLearner
from ray.rllib.algorithms.sac.torch.sac_torch_learner import SACTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.learner import ENTROPY_KEY
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import NUM_AGENT_STEPS_SAMPLED_LIFETIME, TD_ERROR_KEY
from torch.optim.swa_utils import get_ema_multi_avg_fn

from spacetime_rl.learning.asynchronous import AsynchronousAlgorithm
from spacetime_rl.learning.batches.columns import Batch, to_tensors
from spacetime_rl.learning.batches.replay_buffer import Replay, make_transitions
from spacetime_rl.learning.learner import SpacetimeLearner
from spacetime_rl.modules.soft_actor import NEXT_NOISE, NOISE
from spacetime_rl.rollout.plan import PLAN

_SETTINGS: dict[str, Any] = {  # settings that RLlib's AlgorithmConfig lacks; its losses read most of them
    "n_step": 1,
    "tau": 0.005,
    "twin_q": True,
    "initial_alpha": 0.2,
    "target_entropy": None,
    "double_q": True,
    "num_atoms": 1,
    "td_error_loss_fn": "huber",
    "burn_in_len": 0,
    "final_epsilon": 0.05,
    "epsilon_steps": 200_000,
    "training_intensity": 16.0,
    "warmup_steps": 2000,
    "replay_capacity": 200_000,
}


class ReplayConfig(AlgorithmConfig):  # type: ignore[misc]
    """The settings of learning from a replay buffer."""

    def __init__(self, algo_class: type | None = None) -> None:
        super().__init__(algo_class)
        self.__dict__.update(_SETTINGS)

    def training(self, **settings: Any) -> Self:
        """Set any of these settings, or of RLlib's own. Raises TypeError for an unknown one."""
        own = {key: settings.pop(key) for key in _SETTINGS if key in settings}
        super().training(**settings)
        for key, value in own.items():
            setattr(self, key, value)
        return self

    def get_default_rl_module_spec(self) -> RLModuleSpec:
        """An empty spec, because every policy brings its own module."""
        return RLModuleSpec()


class SpacetimeSAC(AsynchronousAlgorithm):
    """SAC (Haarnoja et al. 2018) over `GameEnvRunner`s."""

    @classmethod
    def get_default_config(cls) -> ReplayConfig:
        """The algorithm's default settings, for RLlib."""
        return ReplayConfig(cls)


class SpacetimeDQN(SpacetimeSAC):
    """Double DQN (van Hasselt et al. 2016) over `GameEnvRunner`s."""


class ReplayLearner(SpacetimeLearner):
    """Adds steps to each policy's replay buffer, and learns from each `training_intensity` times on average.

    A replay buffer is not part of a checkpoint: a resumed run fills it again before it learns.
    """

    def build(self) -> None:
        """Build RLlib's learner, with empty replay buffers."""
        self._replays: dict[str, Replay] = {}
        # Gradient steps that are due; an update takes the whole ones and keeps the fraction.
        self._owed: dict[str, float] = {}
        super().build()

    def update(
        self,
        *,
        training_data: TrainingData,
        timesteps: dict[str, Any] | None = None,
        minibatch_size: int | None = None,
        **_: Any,
    ) -> Any:
        """Add the episodes in `training_data` to the replay buffers, and learn; returns the reduced metrics."""
        self.begin_update(training_data, timesteps)
        for policy, episodes in self.by_policy(training_data.episodes).items():
            self._remember(policy, episodes)
            self._learn(policy, sum(map(len, episodes)), minibatch_size or 1)
        self.log_trained(training_data.episodes)
        self.after_gradient_based_update(timesteps=timesteps or {})
        results = self.metrics.reduce()
        for policy in self._replays:
            # One number per transition, for prioritised replay, which we do not use.
            results[policy].pop(TD_ERROR_KEY, None)
        return results

    def _remember(self, policy: str, episodes: Sequence[SingleAgentEpisode]) -> None:
        config = self.config.get_config_for_module(policy)
        if policy not in self._replays:
            rng = np.random.default_rng([self.config.env_config[PLAN].seed, len(self._replays)])
            self._replays[policy] = Replay(config.replay_capacity, rng)
        transitions = make_transitions(episodes, config.gamma, config.n_step)
        self._replays[policy].add(transitions)
        module = self.module[policy].unwrapped()
        module.update_normalizer(torch.from_numpy(transitions[Columns.OBS]).to(self.device))

    def _learn(self, policy: str, new_steps: int, minibatch_size: int) -> None:
        replay = self._replays[policy]
        if len(replay) < self.config.warmup_steps:
            return
        self._owed[policy] = self._owed.get(policy, 0.0) + new_steps * self.config.training_intensity / minibatch_size
        module = self.module[policy].unwrapped()
        tau = self.config.get_config_for_module(policy).tau
        follow = get_ema_multi_avg_fn(1.0 - tau)  # type: ignore[no-untyped-call]  # torch's own gap
        pairs = [[list(network.parameters()) for network in pair] for pair in module.get_target_network_pairs()]
        while self._owed[policy] >= 1.0:
            self._owed[policy] -= 1.0
            loss = self.descend(policy, to_tensors(replay.sample(minibatch_size), module))
            with torch.no_grad():
                for weights, targets in pairs:
                    follow(targets, weights, None)
            self.metrics.log_value((policy, self.TOTAL_LOSS_KEY), loss, window=1)


class SACLearner(ReplayLearner):
    """The learner with RLlib's loss for continuous SAC."""

    def build(self) -> None:
        """Build the learner, with the attributes that RLlib's loss for SAC expects."""
        self.curr_log_alpha: dict[str, torch.Tensor] = {}
        self.target_entropy: dict[str, torch.Tensor] = {}
        self._temp_losses: dict[Any, torch.Tensor] = {}
        super().build()

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Register the optimizer; the weight of the entropy (alpha) is learned together with the networks."""
        module = self.module[module_id].unwrapped()
        module.log_alpha.data.fill_(math.log(config.initial_alpha))
        target = -module.layout.action_size if config.target_entropy is None else config.target_entropy
        self.curr_log_alpha[module_id] = module.log_alpha
        self.target_entropy[module_id] = torch.tensor(float(target), device=self.device)
        super().configure_optimizers_for_module(module_id, config)

    def descend(self, policy: str, batch: Batch) -> torch.Tensor:
        """One gradient step; each of several learners draws for all rows, because all have to draw alike."""
        if not self.share.is_alone:
            like = cast("torch.Tensor", batch[Columns.ACTIONS])
            batch = {**batch, NOISE: torch.randn_like(like), NEXT_NOISE: torch.randn_like(like)}
        return super().descend(policy, batch)

    def compute_loss_for_module(self, *, module_id: str, config: Any, batch: Batch, fwd_out: dict[str, Any]) -> Any:
        """RLlib's loss for continuous SAC, which also logs the entropy."""
        loss = SACTorchLearner._compute_loss_for_module_continuous(
            self, module_id=module_id, config=config, batch=batch, fwd_out=fwd_out
        )
        self._temp_losses.clear()  # their sum suffices, because no term has a gradient for another term's weights
        self.metrics.log_value((module_id, ENTROPY_KEY), -fwd_out["logp_resampled"].mean(), window=1)
        return loss


class DQNLearner(ReplayLearner):
    """The learner with RLlib's loss for double DQN."""

    def before_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Set each trained policy's epsilon, linear from 1 to `final_epsilon` over `epsilon_steps` agent steps."""
        super().before_gradient_based_update(timesteps=timesteps)
        for policy in filter(self.should_module_be_updated, self.module.keys()):
            config = self.config.get_config_for_module(policy)
            done = min(1.0, timesteps[NUM_AGENT_STEPS_SAMPLED_LIFETIME] / config.epsilon_steps)
            epsilon = 1.0 + done * (config.final_epsilon - 1.0)
            self.module[policy].unwrapped().epsilon.fill_(epsilon)
            self.metrics.log_value((policy, "epsilon"), epsilon, window=1)

    def compute_loss_for_module(self, *, module_id: str, config: Any, batch: Any, fwd_out: dict[str, Any]) -> Any:
        """RLlib's loss for double DQN, which expects a choice as one number and not as a column."""
        return DQNTorchLearner.compute_loss_for_module(
            self,
            module_id=module_id,
            config=config,
            batch={**batch, Columns.ACTIONS: batch[Columns.ACTIONS].squeeze(-1)},
            fwd_out=fwd_out,
        )
