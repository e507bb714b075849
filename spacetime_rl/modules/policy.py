"""The RLModule of a policy: normaliser, trunk, optional LSTM, action head, and a value function for training."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis import InferenceOnlyAPI, ValueFunctionAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn
from torch.nn import functional

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import plan_actions
from spacetime_rl.modules.distribution import ActionDistribution, make_distribution_class
from spacetime_rl.modules.network import Trunk, make_linear
from spacetime_rl.modules.normalizer import RunningNormalizer

LOG_STD_MIN, LOG_STD_MAX = -5.0, 2.0

# RLModule's own constructor uses the class it deprecates, and says so in every process.
logging.getLogger("ray._common.deprecation").addFilter(lambda record: "RLModuleConfig" not in record.getMessage())


class Acted(NamedTuple):
    """What the policy's half of the network gives: distribution inputs, the features they came from, the new state."""

    inputs: Tensor
    features: Tensor
    state: dict[str, Tensor]


class PolicyModule(TorchRLModule, InferenceOnlyAPI, ValueFunctionAPI):  # type: ignore[misc]
    """A PPO policy over the flat observation and flat action of a `PolicyLayout`; `make_module_spec` builds one.

    Observations are float32 [b, obs_dim]: the vector, then the images in [0, 1]. Without LSTM any number of leading
    dimensions will do. With LSTM they are [b, t, obs_dim], or [b, obs_dim] for a single decision, and STATE_IN and
    STATE_OUT are {"h", "c"} of [b, cell_size]; an episode begins with `get_initial_state()`, which is zeros.

    The log standard deviation is one free parameter per continuous number and does not depend on the observation;
    ACTION_DIST_INPUTS carries it in the order that `distribution` explains. Unless `share_trunk` is set, the value loss
    never reaches the policy's weights: the value function has its own trunk and reads the LSTM's output as given.
    """

    layout: PolicyLayout

    def setup(self) -> None:
        """Build the networks (RLlib calls this once)."""
        self.layout = PolicyLayout.from_dict(self.model_config["layout"])
        model = ModelConfig.model_validate(
            {key: value for key, value in self.model_config.items() if key in ModelConfig.model_fields}
        )
        vector_dim = self.layout.vector_dim
        normalized = model.normalize_observations and vector_dim > 0  # images are in [0, 1] as they come
        self.normalizer = RunningNormalizer(vector_dim, model.observation_clip) if normalized else None
        self.trunk = Trunk(vector_dim, self.layout.images, model)
        self.lstm = nn.LSTM(self.trunk.features, model.lstm.cell_size, batch_first=True) if model.lstm else None
        features = self.lstm.hidden_size if self.lstm else self.trunk.features
        self._setup_action_head(features, model.initial_log_std)
        self.share_trunk = model.share_trunk
        if not self.share_trunk:
            self.value_trunk = Trunk(vector_dim + (features if self.lstm else 0), self.layout.images, model)
        self.value_head = make_linear(features if self.share_trunk else self.value_trunk.features, 1, 1.0)

    def get_non_inference_attributes(self) -> list[str]:
        """The parts that only training needs."""
        return ["value_head"] if self.model_config["share_trunk"] else ["value_head", "value_trunk"]

    def get_initial_state(self) -> dict[str, Tensor]:
        """The state an episode begins with: {"h", "c"} of zeros [cell_size]; empty without LSTM."""
        if self.lstm is None:
            return {}
        return {key: torch.zeros(self.lstm.hidden_size) for key in ("h", "c")}

    def get_inference_action_dist_cls(self) -> type[ActionDistribution]:
        """The distribution of ACTION_DIST_INPUTS, the same for inference, exploration and training."""
        return make_distribution_class(self.layout.actions)

    def compute_values(self, batch: Mapping[str, Any], embeddings: Tensor | None = None) -> Tensor:
        """State values of a batch, [...] like its observations; `embeddings` spares the policy's forward pass."""
        vector, images = self._split(batch[Columns.OBS])
        if embeddings is None and (self.share_trunk or self.lstm is not None):
            embeddings = self._features(vector, images, batch.get(Columns.STATE_IN))[0]
        if self.share_trunk:
            return self.value_head(embeddings).squeeze(-1)  # type: ignore[no-any-return]
        if self.lstm is not None:
            vector = torch.cat([vector, embeddings.detach()], -1)  # type: ignore[union-attr]
        return self.value_head(_over_batch(self.value_trunk, vector, images)).squeeze(-1)  # type: ignore[no-any-return]

    def act(self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None) -> Acted:
        """The policy's half on a normalised vector and images [..., h, w, c]; what training and export both run."""
        features, state_out = self._features(vector, images, state)
        means_and_logits = self.action_head(features)
        if self.log_std is None:
            return Acted(means_and_logits, features, state_out)
        log_std = self.log_std.clamp(LOG_STD_MIN, LOG_STD_MAX).expand(*features.shape[:-1], -1)
        inputs = torch.cat([means_and_logits, log_std], -1)
        return Acted(
            inputs if self.input_order is None else inputs.index_select(-1, self.input_order), features, state_out
        )

    def normalize(self, vector: Tensor) -> Tensor:
        """The observation vector as the trunk wants it."""
        return vector if self.normalizer is None else self.normalizer(vector)

    def update_normalizer(self, obs: Tensor, mask: Tensor | None = None) -> None:
        """Merge observations [..., obs_dim] into the running statistics, only those where bool `mask` [...] holds."""
        if self.normalizer is not None:
            rows = obs if mask is None else obs[mask]
            self.normalizer.update(rows[..., : self.layout.vector_dim])

    def _forward(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        acted = self.act(*self._split(batch[Columns.OBS]), batch.get(Columns.STATE_IN))
        output: dict[str, Any] = {Columns.ACTION_DIST_INPUTS: acted.inputs}
        if acted.state:
            output[Columns.STATE_OUT] = acted.state
        return output

    def _forward_train(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        acted = self.act(*self._split(batch[Columns.OBS]), batch.get(Columns.STATE_IN))
        output: dict[str, Any] = {Columns.ACTION_DIST_INPUTS: acted.inputs, Columns.EMBEDDINGS: acted.features}
        if acted.state:
            output[Columns.STATE_OUT] = acted.state
        return output

    def _setup_action_head(self, features: int, initial_log_std: float) -> None:
        plan = plan_actions(self.layout.actions)
        continuous = len(plan.means)
        self.action_head = make_linear(features, plan.inputs_dim - continuous, 0.01)
        self.log_std = nn.Parameter(torch.full((continuous,), initial_log_std)) if continuous else None
        # The head gives means and logits in field order, the log-stds follow; this puts each behind its means.
        given = [i for i in range(plan.inputs_dim) if i not in set(plan.log_stds)] + list(plan.log_stds)
        order = torch.argsort(torch.tensor(given))
        in_order = bool((order == torch.arange(len(order))).all())
        self.register_buffer("input_order", None if in_order else order, persistent=False)

    def _split(self, obs: Tensor) -> tuple[Tensor, list[Tensor]]:
        if not self.layout.images:
            return self.normalize(obs), []
        sizes = [self.layout.vector_dim, *(prod(image.shape) for image in self.layout.images)]
        vector, *flat = torch.split(obs, sizes, -1)
        images = [
            part.reshape(*part.shape[:-1], *image.shape) for part, image in zip(flat, self.layout.images, strict=True)
        ]
        return self.normalize(vector), images

    def _features(
        self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        hidden = _over_batch(self.trunk, vector, images)
        if self.lstm is None:
            return hidden, {}
        if state is None:
            raise ValueError("a recurrent policy needs STATE_IN; an episode begins with get_initial_state()")
        if hidden.dim() == 2:
            h, c = _lstm_step(self.lstm, hidden, state["h"], state["c"])
            return h, {"h": h, "c": c}
        output, (h, c) = self.lstm(hidden, (state["h"].unsqueeze(0), state["c"].unsqueeze(0)))
        return output, {"h": h.squeeze(0), "c": c.squeeze(0)}


def _over_batch(trunk: Trunk, vector: Tensor, images: Sequence[Tensor]) -> Tensor:
    """Run a trunk on any leading dimensions; convolutions want exactly one."""
    if not images or vector.dim() == 2:
        return trunk(vector, images)  # type: ignore[no-any-return]
    lead = vector.shape[:-1]
    features = trunk(vector.flatten(0, -2), [image.flatten(0, -4) for image in images])
    return features.reshape(*lead, -1)  # type: ignore[no-any-return]


def _lstm_step(lstm: nn.LSTM, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One decision of an LSTM written out: cheaper than a sequence of one, and it exports to plain operators."""
    weight_x, weight_h, bias_x, bias_h = lstm.all_weights[0]
    gates = functional.linear(x, weight_x, bias_x) + functional.linear(h, weight_h, bias_h)
    into, forget, cell, out = gates.chunk(4, -1)
    c = forget.sigmoid() * c + into.sigmoid() * cell.tanh()
    return out.sigmoid() * c.tanh(), c
