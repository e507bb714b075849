"""What demonstrations do in a learner: before the first iteration, beside the algorithm's loss, or without any game."""

from __future__ import annotations

import copy
import math
from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from torch import Tensor

from spacetime_rl.config.imitation import ImitationConfig
from spacetime_rl.demonstrations.keep import kept_demonstrations
from spacetime_rl.learning.adam import Adam
from spacetime_rl.learning.imitation.losses import imitation_loss
from spacetime_rl.learning.imitation.tutor import WEIGHTS, Tutor
from spacetime_rl.learning.share import Share
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.q_values import QModule

IMITATION = "imitation"  # the key of RLlib's `config.env_config` under which learners find the plan
LOSS, VALIDATION_LOSS, WEIGHT = "imitation_loss", "imitation_validation_loss", "imitation_weight"  # of a policy

_LASTING = 1e6


@dataclass(frozen=True, slots=True)
class ImitationPlan:
    """The settings, the folder of the run's demonstrations, and the seed by which they are drawn."""

    settings: ImitationConfig
    folder: Path
    seed: int


class Student(Protocol):
    """What a learner offers to be taught."""

    module: Any  # RLlib's MultiRLModule of ActingModules
    metrics: Any  # RLlib's MetricsLogger
    config: Any  # RLlib's AlgorithmConfig
    share: Share  # what it computes where there are several learners

    def should_module_be_updated(self, module_id: str) -> bool:
        """Whether the policy learns."""

    def step(self, policy: str, loss: Tensor) -> Tensor:
        """One gradient step of one policy."""


class Teaching:
    """The tutors of a learner's policies; policies that nobody demonstrated have none."""

    def __init__(self, plan: ImitationPlan, learner: Student) -> None:
        self._settings = plan.settings
        self._learner = learner
        modules: dict[str, ActingModule] = {
            name: learner.module[name].unwrapped()
            for name in learner.module.keys()  # noqa: SIM118  # RLlib's MultiRLModule does not iterate over its names
            if learner.should_module_be_updated(name)
        }
        found = kept_demonstrations(plan.folder, {name: module.layout for name, module in modules.items()})
        self._modules = {name: modules[name] for name in found}
        self._tutors = {
            name: Tutor(shown, modules[name], self._gamma(name), plan.settings.validation_share, plan.seed)
            for name, shown in found.items()
        }
        self._weight = 0.0
        self._losses: dict[str, Tensor] = {}

    def begin_update(self, agent_steps: float) -> None:
        """Prepare the imitation loss of an update after this number of agent steps."""
        self._weight = self._settings.weight_at(agent_steps)
        if self._weight:
            for tutor in self._tutors.values():
                tutor.refresh()

    def loss_beside(self, policy: str, batch: Mapping[str, Any]) -> Tensor | float:
        """The weighted imitation loss of a gradient step on this batch, from as many demonstrated decisions."""
        if not self._weight or policy not in self._tutors:
            return 0.0
        drawn = self._tutors[policy].draw(batch[Columns.ACTIONS].shape[:-1].numel())
        loss = self._learner.share.mean(drawn, partial(self._imitation, policy, free_spread=False))
        self._losses[policy] = loss.detach()
        return self._weight * loss

    def report(self) -> None:
        """Log the last losses of an update, and their weight."""
        for policy, loss in self._losses.items():
            self._learner.metrics.log_value((policy, LOSS), self._learner.share.total(loss), window=1)
            self._learner.metrics.log_value((policy, WEIGHT), self._weight, window=1)
        self._losses = {}

    def begin(self, trained: Container[str] = ()) -> list[str]:
        """Prepare untrained policies: initialise their normalisers, and train them on the demonstrations alone.

        Those in `trained` have the weights of another run already. Returns a sentence for each policy that was
        pre-trained.
        """
        self.start_normalizers()
        if not self._settings.epochs:
            return []
        return [self._pretrain(policy) for policy in self._tutors if policy not in trained]

    def start_normalizers(self) -> None:
        """Give normalisers that have seen nothing the statistics of the demonstrated observations.

        These count as at least `_LASTING` observations. If the first batches of training moved the statistics, the
        policy would see other inputs than those that it was trained on.
        """
        for policy, tutor in self._tutors.items():
            normalizer = self._modules[policy].normalizer
            if normalizer is not None and not float(normalizer.count):
                for observations in tutor.observations():
                    self._modules[policy].update_normalizer(observations)
                normalizer.count.clamp_(min=_LASTING)

    def study(self, minibatch_size: int, decisions: int) -> int:
        """Learn from the demonstrations alone, for about this number of decisions; returns the number learned from.

        The gradient steps are the learner's own. Continuous actions keep their spread in the data.
        """
        learned = 0
        for policy, tutor in self._tutors.items():
            size = tutor.size_of(tutor.train)
            for _ in range(max(1, round(decisions / size))):
                losses = []
                tutor.refresh(self._settings.beta)
                for batch in tutor.minibatches(tutor.train, minibatch_size):
                    imitation, value = self._both_losses(policy, batch)
                    self._learner.step(policy, imitation + value)
                    losses.append(imitation.detach())
                learned += size
            mean = self._learner.share.total(torch.stack(losses).mean())
            self._learner.metrics.log_value((policy, LOSS), float(mean), window=1)
            self._log_validation(policy, self._validate(policy))
        return learned

    def _pretrain(self, policy: str) -> str:
        """Train with an optimizer of its own, whose moments end with it; the weights of the best pass are kept.

        The spread of continuous actions is fitted too, because it weighs each of them by how exactly it is
        demonstrated. Afterwards it is put back to what it was, so that the policy goes on exploring.
        """
        settings, tutor, module = self._settings, self._tutors[policy], self._modules[policy]
        spread = module.log_std if isinstance(module, PolicyModule) else None
        unfitted = torch.empty(0) if spread is None else spread.detach().clone()
        optimizer = Adam([p for p in module.parameters() if p.requires_grad], lr=settings.pretraining_lr)
        best, best_pass, weights = self._validate(policy), 0, copy.deepcopy(module.state_dict())
        before = best
        for epoch in range(1, settings.epochs + 1):
            tutor.refresh(settings.beta)
            optimizer.param_groups[0]["lr"] = settings.pretraining_lr * (1.0 - (epoch - 1) / settings.epochs)
            for batch in tutor.minibatches(tutor.train, self._minibatch_size):
                loss = torch.stack(self._both_losses(policy, batch)).sum()
                optimizer.zero_grad(set_to_none=True)
                loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
                self._learner.share.add_up(optimizer.param_groups[0]["params"], loss)
                optimizer.step()
            found = self._validate(policy)
            if found <= best or not len(tutor.validation):
                best, best_pass, weights = found, epoch, copy.deepcopy(module.state_dict())
        module.load_state_dict(weights)
        self._learner.share.agree(module)  # learners on unlike machines may have found another pass the best
        if spread is not None:
            spread.data.copy_(unfitted)
        if isinstance(module, QModule):
            for network, target in module.get_target_network_pairs():
                target.load_state_dict(network.state_dict())
        self._log_validation(policy, best)
        held = "of those held out" if len(tutor.validation) else "of all"
        return (
            f"imitation: {policy}: pre-trained on {tutor.size_of(tutor.train):,} decisions; the loss {held} fell from "
            f"{before:.3g} to {best:.3g} in pass {best_pass} of {settings.epochs}"
        )

    def _both_losses(self, policy: str, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """The imitation loss, and the weighted loss of the value function by what the demonstrator earned."""
        share = self._learner.share
        imitation = share.mean(batch, partial(self._imitation, policy, free_spread=True))
        if not self._tutors[policy].has_returns:
            return imitation, imitation.new_zeros(())
        coeff = self._learner.config.get_config_for_module(policy).vf_loss_coeff
        return imitation, coeff * share.mean(batch, partial(self._value_error, policy))

    def _value_error(self, policy: str, batch: Mapping[str, Any]) -> Tensor:
        module = self._modules[policy]
        assert isinstance(module, PolicyModule)
        error: Tensor = module.compute_values(batch) - batch[Postprocessing.VALUE_TARGETS]
        return error.square().mean()

    def _imitation(self, policy: str, batch: Mapping[str, Any], *, free_spread: bool) -> Tensor:
        """The mean loss over the decisions of a batch."""
        loss = imitation_loss(self._modules[policy], batch, self._settings.margin, free_spread=free_spread)
        if WEIGHTS in batch:
            loss = loss * batch[WEIGHTS]
        mask = batch.get(Columns.LOSS_MASK)
        return (loss if mask is None else loss[mask]).mean()

    @torch.no_grad()
    def _validate(self, policy: str) -> float:
        """The unweighted loss of what is held out, or of everything where nothing is."""
        tutor = self._tutors[policy]
        tutor.refresh()
        items: NDArray[np.int64] = tutor.validation if len(tutor.validation) else tutor.train
        total = decisions = 0.0
        for batch in tutor.minibatches(items, 8192, shuffled=False):
            count = (
                batch[Columns.ACTIONS].shape[0] if Columns.LOSS_MASK not in batch else batch[Columns.LOSS_MASK].sum()
            )
            plain = {key: value for key, value in batch.items() if key != WEIGHTS}
            total += float(self._imitation(policy, plain, free_spread=True)) * float(count)
            decisions += float(count)
        return total / decisions

    def _log_validation(self, policy: str, loss: float) -> None:
        if math.isfinite(loss):
            self._learner.metrics.log_value((policy, VALIDATION_LOSS), loss, window=1)

    @property
    def _minibatch_size(self) -> int:
        return int(self._learner.config.minibatch_size)

    def _gamma(self, policy: str) -> float:
        return float(self._learner.config.get_config_for_module(policy).gamma)


def teaching_of(learner: Student) -> Teaching | None:
    """What a learner is taught; None without demonstrations."""
    plan: ImitationPlan | None = (learner.config.env_config or {}).get(IMITATION)
    return None if plan is None else Teaching(plan, learner)
