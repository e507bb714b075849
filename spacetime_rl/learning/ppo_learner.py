"""PPO's learner: vectorised batches, minibatches that suit policies of different sizes, running normalisers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.algorithms.ppo.ppo import LEARNER_RESULTS_KL_KEY
from ray.rllib.algorithms.ppo.torch.ppo_torch_learner import PPOTorchLearner
from ray.rllib.core.columns import Columns
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.evaluation.postprocessing import Postprocessing

from spacetime_rl.learning.batches.columns import Batch, take
from spacetime_rl.learning.batches.gae import judge, make_train_batch
from spacetime_rl.learning.batches.joint_batch import make_joint_batches
from spacetime_rl.learning.curiosity import CURIOSITY, curiosity_of
from spacetime_rl.learning.learner import SpacetimeLearner, group_by_policy
from spacetime_rl.metrics import ADVANTAGE_MEAN, ADVANTAGE_STD
from spacetime_rl.modules.critic import JOINT
from spacetime_rl.modules.policy import PolicyModule


class SpacetimePPOLearner(SpacetimeLearner, PPOTorchLearner):  # type: ignore[misc]
    """Learns from SingleAgentEpisodes of any number of policies; stateless and recurrent policies may be mixed.

    Every policy takes the same number of gradient steps in an epoch. The policy with the most experience gets
    `minibatch_size` steps in each, and every policy sees all of its experience once. (RLlib's own iterator continues
    until the largest policy is through, and repeats the data of the others.)
    """

    def build(self) -> None:
        """Build the learner, curious where the run is."""
        super().build()
        self.curiosity = curiosity_of(self, self.share)

    def get_state(self, components: Any = None, *, not_components: Any = None, **kwargs: Any) -> dict[str, Any]:
        """RLlib's state of a learner, and that of its curiosity."""
        state: dict[str, Any] = super().get_state(components, not_components=not_components, **kwargs)
        if self.curiosity is not None and self._check_component(CURIOSITY, components, not_components):
            state[CURIOSITY] = self.curiosity.get_state()
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over what `get_state` returned."""
        super().set_state(state)
        if self.curiosity is not None and CURIOSITY in state:
            self.curiosity.set_state(state[CURIOSITY])

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
        self.begin_update(training_data, timesteps)
        if self.curiosity is not None:
            self.curiosity.add_rewards(self.by_policy(training_data.episodes))
        batches = self._make_batches(training_data.episodes)
        ready = {policy: self.prepare(policy, batch) for policy, batch in batches.items()}
        losses: Mapping[str, torch.Tensor] = {}
        latest: dict[str, Batch] = {}
        for minibatch in _minibatches(ready, minibatch_size, num_epochs, num_total_minibatches):
            losses = {policy: self.descend(policy, batch) for policy, batch in minibatch.items()}
            latest |= minibatch
        if self.share.is_first:
            self.report_losses(latest)
        for policy, loss in losses.items():
            self.metrics.log_value((policy, self.TOTAL_LOSS_KEY), loss, window=1)
        for policy, batch in ready.items():
            self.metrics.log_value((policy, LEARNER_RESULTS_KL_KEY), self._measure_kl(policy, batch), window=1)
        self.log_trained(training_data.episodes)
        self.after_gradient_based_update(timesteps=timesteps or {})
        for policy, batch in batches.items():
            # Only now, because the old and the new policy have to see the same normalised inputs during an update.
            module = self.module[policy].unwrapped()
            module.update_normalizer(batch[Columns.OBS], batch.get(Columns.LOSS_MASK))
            if module.critic is not None:
                module.critic.update(batch[JOINT])
        return self.metrics.reduce()

    def make_batch(self, policy: str, episodes: Sequence[SingleAgentEpisode]) -> Batch:
        """The columns that the loss needs, from the episodes of one policy."""
        config = self.config.get_config_for_module(policy)
        report = partial(self._report_advantages, policy)
        judged = judge(self.policy(policy), episodes, rows=self.share.rows)
        return make_train_batch(self.policy(policy), episodes, config.gamma, config.lambda_, judged, report)

    def prepare(self, policy: str, batch: Batch) -> Batch:
        """What of a batch can be computed once for all epochs: normalisers stay as they are during an update."""
        prepared: Batch = self.policy(policy).prepared(batch)
        return prepared

    def policy(self, name: str) -> PolicyModule:
        """The module of a policy."""
        module: PolicyModule = self.module[name].unwrapped()
        return module

    def _report_advantages(self, policy: str, advantages: NDArray[np.float32]) -> None:
        """Log the mean and the standard deviation of a policy's advantages."""
        self.metrics.log_value((policy, ADVANTAGE_MEAN), float(advantages.mean()), window=1)
        self.metrics.log_value((policy, ADVANTAGE_STD), float(advantages.std()), window=1)

    def compute_loss_for_module(
        self, *, module_id: str, config: Any, batch: Batch, fwd_out: Mapping[str, Any]
    ) -> torch.Tensor:
        """RLlib's loss, without the figures that RLlib computes beside it; `report_losses` has them logged.

        They take a fifth of a gradient step of a small network, and only the update's last minibatch is ever reported.
        """
        if config.use_kl_loss or Columns.LOSS_MASK in batch:
            arguments = {"module_id": module_id, "config": config, "batch": batch, "fwd_out": fwd_out}
            return super().compute_loss_for_module(**arguments)  # type: ignore[no-any-return]
        module = self.module[module_id].unwrapped()
        acted = module.get_train_action_dist_cls().from_logits(fwd_out[Columns.ACTION_DIST_INPUTS])
        values = module.compute_values(batch, embeddings=fwd_out.get(Columns.EMBEDDINGS))
        loss = clipped_loss(acted.logp(batch[Columns.ACTIONS]), values, batch, config)
        entropy_coeff = self.entropy_coeff_schedulers_per_module[module_id].get_current_value()
        return loss - entropy_coeff * acted.entropy().mean() if entropy_coeff else loss

    @torch.no_grad()
    def report_losses(self, minibatches: Mapping[str, Batch]) -> None:
        """Have RLlib log entropy, losses and explained variance for each policy's last minibatch, after the update."""
        for policy, batch in minibatches.items():
            output = self.module[policy].forward_train(batch)
            config = self.config.get_config_for_module(policy)
            super().compute_loss_for_module(module_id=policy, config=config, batch=batch, fwd_out=output)

    @torch.no_grad()
    def _measure_kl(self, policy: str, batch: Batch) -> torch.Tensor:
        """Mean KL divergence between the policy that acted and the updated policy, over the whole batch.

        RLlib measures it only for a loss with a KL term, and then on single minibatches.
        """
        module = self.module[policy].unwrapped()
        make = module.get_train_action_dist_cls().from_logits

        def diverged(own: Batch) -> torch.Tensor:
            became = make(module.forward_train(own)[Columns.ACTION_DIST_INPUTS])
            kl: torch.Tensor = make(own[Columns.ACTION_DIST_INPUTS]).kl(became)
            return kl

        kl = self.share.rows(batch, diverged)
        mask = batch.get(Columns.LOSS_MASK)
        return (kl[mask] if isinstance(mask, torch.Tensor) else kl).mean()

    def _make_batches(self, episodes: Sequence[SingleAgentEpisode]) -> dict[str, Batch]:
        learning = self.by_policy(episodes)
        modules = {policy: self.policy(policy) for policy in learning}
        if all(module.critic is None for module in modules.values()):
            return {policy: self.make_batch(policy, own) for policy, own in learning.items()}
        configs = {policy: self.config.get_config_for_module(policy) for policy in learning}
        by_policy = group_by_policy(episodes)
        return make_joint_batches(modules, by_policy, configs, self._report_advantages, self.share.rows)


def clipped_loss(logp: torch.Tensor, values: torch.Tensor, batch: Mapping[str, Any], config: Any) -> torch.Tensor:
    """PPO's clipped policy loss and its value loss (Schulman et al. 2017, equations 7 and 9), a mean over the batch.

    `logp` and `values`, both [b], come from the present policy and value function.
    """
    ratio: torch.Tensor = torch.exp(logp - batch[Columns.ACTION_LOGP])
    clipped = ratio.clamp(1.0 - config.clip_param, 1.0 + config.clip_param)
    advantages = batch[Postprocessing.ADVANTAGES]
    gain = torch.min(advantages * ratio, advantages * clipped)
    error = (values - batch[Postprocessing.VALUE_TARGETS]).square().clamp(max=config.vf_clip_param)
    loss: torch.Tensor = config.vf_loss_coeff * error - gain
    return loss.mean()


def _minibatches(
    batches: Mapping[str, Batch], minibatch_size: int | None, num_epochs: int, num_total: int
) -> Iterator[dict[str, Batch]]:
    """Shuffled minibatches of all policies: `num_epochs` epochs or, if given, `num_total` minibatches."""
    if not batches:
        return
    largest = max(_logps(batch).numel() for batch in batches.values())
    per_epoch = max(1, round(largest / (minibatch_size or largest)))
    done = 0
    total = num_total or per_epoch * num_epochs
    while done < total:
        # Shuffled once an epoch: a minibatch is then a part of it, and no copy.
        shuffled = {policy: take(batch, _order(batch)) for policy, batch in batches.items()}
        parts = {policy: list(_parts(len(_logps(batch)), per_epoch)) for policy, batch in batches.items()}
        for index in range(min(per_epoch, total - done)):
            yield {
                policy: take(batch, part)
                for policy, batch in shuffled.items()
                if (part := parts[policy][index]).start < part.stop
            }
            done += 1


def _parts(rows: int, count: int) -> Iterator[slice]:
    """`count` consecutive parts of nearly equal size, the larger ones first; some are empty if rows are fewer."""
    size, larger = divmod(rows, count)
    end = 0
    for index in range(count):
        begin, end = end, end + size + (index < larger)
        yield slice(begin, end)


def _logps(batch: Batch) -> torch.Tensor:
    logps = batch[Columns.ACTION_LOGP]
    assert isinstance(logps, torch.Tensor)
    return logps


def _order(batch: Batch) -> torch.Tensor:
    return torch.randperm(len(_logps(batch)), device=_logps(batch).device)
