"""PPO's learner: batches built in one piece, minibatches that suit policies of different sizes, running normalisers."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from ray.rllib.algorithms.ppo.ppo import LEARNER_RESULTS_KL_KEY
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core import ALL_MODULES
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import (
    NUM_ENV_STEPS_TRAINED,
    NUM_ENV_STEPS_TRAINED_LIFETIME,
    NUM_MODULE_STEPS_TRAINED,
    NUM_MODULE_STEPS_TRAINED_LIFETIME,
)

from spacetime_rl.rollout.gae import Batch, make_train_batch

logger = logging.getLogger(__name__)


class SpacetimePPOLearner(PPOTorchLearner):  # type: ignore[misc]
    """Learns from SingleAgentEpisodes of any number of policies, stateless and recurrent ones side by side.

    An epoch is the same number of gradient steps for every policy, so that the policy with the most experience sees
    `minibatch_size` steps in each and every policy sees all of its experience once. (RLlib's own iterator goes on until
    the largest policy is through, and shows the others theirs again and again.)
    """

    def update(
        self,
        *,
        training_data: TrainingData,
        timesteps: dict[str, Any] | None = None,
        num_total_minibatches: int = 0,
        num_epochs: int = 1,
        minibatch_size: int | None = None,
        **_: Any,
    ) -> Any:
        """One PPO update on the episodes in `training_data`; returns the reduced metrics."""
        self._check_is_built()
        self.before_gradient_based_update(timesteps=timesteps or {})
        training_data.solve_refs()
        self._weights_seq_no += 1
        batches = self._make_batches(training_data.episodes)
        losses: Mapping[str, torch.Tensor] = {}
        for minibatch in _minibatches(batches, minibatch_size, num_epochs, num_total_minibatches):
            losses = {policy: self._descend(policy, batch) for policy, batch in minibatch.items()}
        for policy, loss in losses.items():
            self.metrics.log_value((policy, self.TOTAL_LOSS_KEY), loss, window=1)
        for policy, batch in batches.items():
            self.metrics.log_value((policy, LEARNER_RESULTS_KL_KEY), self._measure_kl(policy, batch), window=1)
        self._log_trained(training_data.episodes, batches)
        self.after_gradient_based_update(timesteps=timesteps or {})
        for policy, batch in batches.items():
            # Only now: during an update the old and the new policy have to see the same normalised inputs.
            self.module[policy].unwrapped().update_normalizer(batch[Columns.OBS], batch.get(Columns.LOSS_MASK))
        return self.metrics.reduce()

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam over all of a policy's weights at once: a network is many small tensors."""
        parameters = self.get_parameters(self._module[module_id])
        optimizer = torch.optim.Adam(parameters, foreach=True)
        self.register_optimizer(
            module_id=module_id, optimizer=optimizer, params=parameters, lr_or_lr_schedule=config.lr
        )

    def _descend(self, policy: str, batch: Batch) -> torch.Tensor:
        """One gradient step of one policy; left out, with a warning, where the gradient is not finite."""
        config = self.config.get_config_for_module(policy)
        ((_, optimizer),) = self.get_optimizers_for_module(policy)
        output = self.module[policy].forward_train(batch)
        loss: torch.Tensor = self.compute_loss_for_module(module_id=policy, config=config, batch=batch, fwd_out=output)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        parameters = optimizer.param_groups[0]["params"]
        norm = torch.nn.utils.clip_grad_norm_(parameters, config.grad_clip or math.inf, foreach=True)
        if torch.isfinite(norm):
            optimizer.step()
        else:
            logger.warning("policy %s: a gradient step is left out, its gradient is not finite", policy)
        return loss.detach()

    @torch.no_grad()
    def _measure_kl(self, policy: str, batch: Batch) -> torch.Tensor:
        """Mean KL divergence of the policy that acted from the one it has become, over the whole batch.

        RLlib measures it for the loss alone, where that has a KL term, and then on single minibatches.
        """
        module = self.module[policy].unwrapped()
        make = module.get_train_action_dist_cls().from_logits
        became = make(module.forward_train(batch)[Columns.ACTION_DIST_INPUTS])
        kl: torch.Tensor = make(batch[Columns.ACTION_DIST_INPUTS]).kl(became)
        mask = batch.get(Columns.LOSS_MASK)
        return (kl[mask] if isinstance(mask, torch.Tensor) else kl).mean()

    def _make_batches(self, episodes: list[SingleAgentEpisode]) -> dict[str, Batch]:
        by_policy: defaultdict[str, list[SingleAgentEpisode]] = defaultdict(list)
        for episode in episodes:
            if self.should_module_be_updated(episode.module_id):
                by_policy[episode.module_id].append(episode)
        batches = {}
        for policy, own in by_policy.items():
            config = self.config.get_config_for_module(policy)
            batches[policy] = make_train_batch(self.module[policy].unwrapped(), own, config.gamma, config.lambda_)
        return batches

    def _log_trained(self, episodes: list[SingleAgentEpisode], batches: Mapping[str, Batch]) -> None:
        steps = {policy: sum(len(e) for e in episodes if e.module_id == policy) for policy in batches}
        for name, count in [*steps.items(), (ALL_MODULES, sum(steps.values()))]:
            self.metrics.log_value((name, NUM_MODULE_STEPS_TRAINED), count, reduce="sum")
            self.metrics.log_value((name, NUM_MODULE_STEPS_TRAINED_LIFETIME), count, reduce="lifetime_sum")
        env_steps = sum(len(episode) for episode in episodes)
        self.metrics.log_value((ALL_MODULES, NUM_ENV_STEPS_TRAINED), env_steps, reduce="sum")
        self.metrics.log_value((ALL_MODULES, NUM_ENV_STEPS_TRAINED_LIFETIME), env_steps, reduce="lifetime_sum")


def _minibatches(
    batches: Mapping[str, Batch], minibatch_size: int | None, num_epochs: int, num_total: int
) -> Iterator[dict[str, Batch]]:
    """Shuffled minibatches of all policies, `num_epochs` times over or, if given, `num_total` of them."""
    if not batches:
        return
    largest = max(_logps(batch).numel() for batch in batches.values())
    per_epoch = max(1, round(largest / (minibatch_size or largest)))
    done = 0
    total = num_total or per_epoch * num_epochs
    while done < total:
        orders = {policy: _shuffled(batch).tensor_split(per_epoch) for policy, batch in batches.items()}
        for index in range(min(per_epoch, total - done)):
            yield {
                policy: _take(batch, orders[policy][index])
                for policy, batch in batches.items()
                if len(orders[policy][index])
            }
            done += 1


def _logps(batch: Batch) -> torch.Tensor:
    logps = batch[Columns.ACTION_LOGP]
    assert isinstance(logps, torch.Tensor)
    return logps


def _shuffled(batch: Batch) -> torch.Tensor:
    return torch.randperm(len(_logps(batch)), device=_logps(batch).device)


def _take(batch: Batch, rows: torch.Tensor) -> dict[str, Any]:
    return {key: _take(value, rows) if isinstance(value, Mapping) else value[rows] for key, value in batch.items()}
