"""The base of all algorithms' learners: gradient steps, policy by policy."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from ray.rllib.core import ALL_MODULES
from ray.rllib.core.learner.torch.torch_learner import TorchLearner
from ray.rllib.core.learner.training_data import TrainingData
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.utils.metrics import (
    NUM_AGENT_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_SAMPLED_LIFETIME,
    NUM_ENV_STEPS_TRAINED,
    NUM_ENV_STEPS_TRAINED_LIFETIME,
    NUM_MODULE_STEPS_TRAINED,
    NUM_MODULE_STEPS_TRAINED_LIFETIME,
)

from spacetime_rl.host.system import cores
from spacetime_rl.learning.adam import Adam
from spacetime_rl.learning.batches.columns import Batch
from spacetime_rl.learning.imitation.teaching import teaching_of
from spacetime_rl.learning.share import share_of
from spacetime_rl.rollout.driver_liveness import end_with_driver
from spacetime_rl.rollout.plan import PLAN
from spacetime_rl.rollout.seeding import seed_process

STEPS = "gradient_steps"  # of a policy in the whole run, including the skipped ones
LEFT_OUT = "gradient_steps_left_out"  # the skipped ones alone
GRADIENT_NORM = "gradients_default_optimizer_global_norm"  # RLlib's name for the metric that its own gradient steps log


class SpacetimeLearner(TorchLearner):  # type: ignore[misc]
    """Gradient steps policy by policy: each policy has an optimizer and batches of its own.

    Where a run has several learners, `share` says what this one computes of a batch. RLlib's way, in which each learner
    sees other episodes and torch averages the gradients, would standardise advantages and normalise observations by
    parts of a batch, and weigh the parts alike whatever their size.
    """

    def build(self) -> None:
        """Build RLlib's learner, with empty counts."""
        self.share = share_of(self.config.num_learners)
        if not self.share.is_alone:
            end_with_driver()
            seed_process(self.config.env_config[PLAN].seed)
            torch.set_num_threads(max(1, cores() // (2 * self.share.count)))
        self._due: Counter[str] = Counter()  # gradient steps of the current update, and those that were skipped
        self._left_out: Counter[str] = Counter()
        self._norms: defaultdict[str, list[float]] = defaultdict(list)  # gradient norms that are finite
        super().build()
        self.agree()
        self.teaching = teaching_of(self)

    def agree(self) -> None:
        """Give all learners the networks of the first one."""
        for policy in self.module.keys():  # noqa: SIM118  # RLlib's MultiRLModule does not iterate over its names
            self.share.agree(self.module[policy])

    def _make_modules_ddp_if_necessary(self) -> None:
        """Leave the modules as they are: `step` adds the learners' gradients up."""

    def configure_optimizers_for_module(self, module_id: str, config: Any = None) -> None:
        """Adam over all of a policy's weights in one fused call, because a network consists of many small tensors."""
        parameters = [p for p in self.get_parameters(self._module[module_id]) if p.requires_grad]
        optimizer = Adam(parameters, fused=True)
        self.register_optimizer(
            module_id=module_id, optimizer=optimizer, params=parameters, lr_or_lr_schedule=config.lr
        )

    def after_gradient_based_update(self, *, timesteps: dict[str, Any]) -> None:
        """Advance the schedules by agent steps, the unit of our settings, instead of env steps."""
        done = timesteps.get(NUM_AGENT_STEPS_SAMPLED_LIFETIME, 0)
        super().after_gradient_based_update(timesteps={**timesteps, NUM_ENV_STEPS_SAMPLED_LIFETIME: done})

    @staticmethod
    def _set_optimizer_lr(optimizer: torch.optim.Optimizer, lr: float) -> None:
        """Set the learning rate as a float: RLlib's schedules give tensors, which fused Adam does not take."""
        TorchLearner._set_optimizer_lr(optimizer, float(lr))

    def begin_update(self, training_data: TrainingData, timesteps: dict[str, Any] | None) -> None:
        """Prepare an update as RLlib does, and fetch the episodes in `training_data`."""
        self._check_is_built()
        self.before_gradient_based_update(timesteps=timesteps or {})
        training_data.solve_refs()
        self._weights_seq_no += 1
        self.share.draw_alike()
        if self.teaching is not None:
            self.teaching.begin_update((timesteps or {}).get(NUM_AGENT_STEPS_SAMPLED_LIFETIME, 0))

    def descend(self, policy: str, batch: Batch) -> torch.Tensor:
        """One gradient step of one policy on a batch, and on demonstrations where there are any."""
        loss = self.share.mean(batch, partial(self._loss, policy))
        if self.teaching is not None:
            loss = loss + self.teaching.loss_beside(policy, batch)
        return self.step(policy, loss)

    def _loss(self, policy: str, batch: Batch) -> torch.Tensor:
        config = self.config.get_config_for_module(policy)
        output = self.module[policy].forward_train(batch)
        loss: torch.Tensor = self.compute_loss_for_module(module_id=policy, config=config, batch=batch, fwd_out=output)
        return loss

    def step(self, policy: str, loss: torch.Tensor) -> torch.Tensor:
        """One gradient step of one policy; skipped and counted if the gradient is zero or not finite.

        Of several learners, each brings its part of the loss; the result is the whole one.
        """
        config = self.config.get_config_for_module(policy)
        ((_, optimizer),) = self.get_optimizers_for_module(policy)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        parameters = optimizer.param_groups[0]["params"]
        loss = self.share.add_up(parameters, loss.detach())
        norm = float(torch.nn.utils.clip_grad_norm_(parameters, config.grad_clip or math.inf, foreach=True))
        self._due[policy] += 1
        if math.isfinite(norm):
            self._norms[policy].append(norm)
        if 0.0 < norm < math.inf:  # 0 where values overflowed a float: the losses clip them, which leaves no gradient
            optimizer.step()
        else:
            self._left_out[policy] += 1
        return loss

    def by_policy(self, episodes: Sequence[SingleAgentEpisode]) -> dict[str, list[SingleAgentEpisode]]:
        """The episodes of each policy that is trained."""
        return group_by_policy([one for one in episodes if self.should_module_be_updated(one.module_id)])

    def log_trained(self, episodes: Sequence[SingleAgentEpisode]) -> None:
        """Count the episodes' steps under RLlib's names, and the gradient steps since the last call."""
        if self.teaching is not None:
            self.teaching.report()
        steps = {policy: sum(map(len, own)) for policy, own in self.by_policy(episodes).items()}
        for name, count in [*steps.items(), (ALL_MODULES, sum(steps.values()))]:
            self.metrics.log_value((name, NUM_MODULE_STEPS_TRAINED), count, reduce="sum")
            self.metrics.log_value((name, NUM_MODULE_STEPS_TRAINED_LIFETIME), count, reduce="lifetime_sum")
        for policy, due in self._due.items():
            self.metrics.log_value((policy, STEPS), due, reduce="lifetime_sum")
            self.metrics.log_value((policy, LEFT_OUT), self._left_out[policy], reduce="lifetime_sum")
        for policy, norms in self._norms.items():
            self.metrics.log_value((policy, GRADIENT_NORM), math.fsum(norms) / len(norms), window=1)
        for counted in (self._due, self._left_out, self._norms):
            counted.clear()
        env_steps = sum(len(episode) for episode in episodes)
        self.metrics.log_value((ALL_MODULES, NUM_ENV_STEPS_TRAINED), env_steps, reduce="sum")
        self.metrics.log_value((ALL_MODULES, NUM_ENV_STEPS_TRAINED_LIFETIME), env_steps, reduce="lifetime_sum")


def group_by_policy(episodes: Sequence[SingleAgentEpisode]) -> dict[str, list[SingleAgentEpisode]]:
    """The episodes of each policy."""
    found: defaultdict[str, list[SingleAgentEpisode]] = defaultdict(list)
    for episode in episodes:
        found[episode.module_id].append(episode)
    return found
