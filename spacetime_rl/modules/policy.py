"""The policy of PPO, APPO and IMPALA: state-independent standard deviations, and a value function for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis import TARGET_NETWORK_ACTION_DIST_INPUTS, TargetNetworkAPI, ValueFunctionAPI
from torch import Tensor, nn

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.modules.acting import Acted, ActingModule, over_batch
from spacetime_rl.modules.actions import plan_actions
from spacetime_rl.modules.critic import JOINT, CriticSpec, JointCritic
from spacetime_rl.modules.entities import make_trunk
from spacetime_rl.modules.network import make_linear

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0  # standard deviations from 0.007 to 7.4


class PolicyModule(ActingModule, ValueFunctionAPI):  # type: ignore[misc]
    """A policy for PPO, APPO and IMPALA.

    The log standard deviation is one parameter per continuous number and does not depend on the observation.
    ACTION_DIST_INPUTS contains it in the order that `modules.actions` defines. Unless `share_trunk` is set, the value
    loss has no gradient for the policy's weights: the value function has a trunk of its own, and reads the LSTM's
    output without a gradient. With a `CriticSpec` under "critic" in its configuration it reads the other agents, too,
    from the batch's column JOINT.
    """

    critic: JointCritic | None

    def get_non_inference_attributes(self) -> list[str]:
        """The parts that only training needs."""
        if self.model_config["share_trunk"]:
            return ["value_head"]
        return ["value_head", "value_trunk", *(["critic"] if self.model_config.get("critic") else [])]

    def compute_values(self, batch: Mapping[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """State values of a batch, [...] like its observations; `embeddings` save the policy's forward pass."""
        vector, images = self.split(batch)
        if embeddings is None and (self.share_trunk or self.lstm is not None):
            embeddings = self._features(vector, images, batch.get(Columns.STATE_IN))[0]
        return self._value(vector, images, embeddings, batch.get(JOINT))

    def expected_return(self, vector: Tensor, images: Sequence[Tensor], acted: Acted) -> Tensor:
        """The state values; not of a value function that sees other agents."""
        return self._value(vector, images, acted.features)

    def _value(
        self, vector: Tensor, images: Sequence[Tensor], features: Tensor | None, joint: Mapping[str, Any] | None = None
    ) -> Tensor:
        if self.share_trunk:
            return self.value_head(features).squeeze(-1)  # type: ignore[no-any-return]
        if self.critic is not None:
            vector = torch.cat([vector, self.critic(joint)], -1)
        if self.lstm is not None:
            vector = torch.cat([vector, features.detach()], -1)  # type: ignore[union-attr]
        return self.value_head(over_batch(self.value_trunk, vector, images)).squeeze(-1)  # type: ignore[no-any-return]

    def _forward_train(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        acted = self.act(*self.split(batch), batch.get(Columns.STATE_IN))
        output: dict[str, Any] = {Columns.ACTION_DIST_INPUTS: acted.inputs, Columns.EMBEDDINGS: acted.features}
        if acted.state:
            output[Columns.STATE_OUT] = acted.state
        return output

    def _setup_heads(self, features: int, model: ModelConfig) -> None:
        self._setup_action_head(features, model.initial_log_std)
        self.share_trunk = model.share_trunk
        joint = self.model_config.get("critic")
        self.critic = JointCritic(CriticSpec.from_dict(joint), model) if joint else None
        if not self.share_trunk:
            vector_dim = self.prepared_dim + (features if self.lstm else 0)
            vector_dim += self.critic.features if self.critic else 0
            self.value_trunk = make_trunk(vector_dim, self.layout, model)
        self.value_head = make_linear(features if self.share_trunk else self.value_trunk.features, 1, 1.0)

    def _setup_action_head(self, features: int, initial_log_std: float) -> None:
        plan = plan_actions(self.layout.actions)
        continuous = len(plan.means)
        # 0.01: untrained means are close to 0 and untrained probabilities nearly equal, whatever is observed.
        self.action_head = make_linear(features, plan.inputs_dim - continuous, 0.01)
        self.log_std = nn.Parameter(torch.full((continuous,), initial_log_std)) if continuous else None
        # The head gives means and logits in field order, and the log standard deviations follow. `order` moves those
        # of each field behind its means.
        given = [i for i in range(plan.inputs_dim) if i not in set(plan.log_stds)] + list(plan.log_stds)
        order = torch.argsort(torch.tensor(given))
        in_order = bool((order == torch.arange(len(order))).all())
        self.register_buffer("input_order", None if in_order else order, persistent=False)

    def _inputs(self, features: Tensor) -> Tensor:
        means_and_logits = self.action_head(features)
        if self.log_std is None:
            return means_and_logits  # type: ignore[no-any-return]
        log_std = self.log_std.clamp(LOG_STD_MIN, LOG_STD_MAX).expand(*features.shape[:-1], -1)
        inputs = torch.cat([means_and_logits, log_std], -1)
        return inputs if self.input_order is None else inputs.index_select(-1, self.input_order)


class ClippedPolicyModule(PolicyModule, TargetNetworkAPI):  # type: ignore[misc]
    """A policy for APPO, whose loss needs the policy's outputs from the beginning of the update.

    The learner computes them once, before the first gradient step, and puts them into the batch. This equals a target
    network that is renewed with every update, without a second network.
    """

    def make_target_networks(self) -> None:
        """Does nothing, because the batch holds the target network's outputs."""

    def get_target_network_pairs(self) -> list[Any]:
        """Always empty: there is no target network."""
        return []

    def forward_target(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The target network's outputs, from the batch."""
        return {TARGET_NETWORK_ACTION_DIST_INPUTS: batch[TARGET_NETWORK_ACTION_DIST_INPUTS]}
