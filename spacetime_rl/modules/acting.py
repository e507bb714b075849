"""The base of all algorithms' policies: from an observation to the inputs of the action distribution."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis import InferenceOnlyAPI
from ray.rllib.core.rl_module.torch import TorchRLModule
from torch import Tensor, nn
from torch.nn import functional

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import mode_numpy, sample_numpy
from spacetime_rl.modules.distribution import ActionDistribution, make_distribution_class
from spacetime_rl.modules.entities import make_trunk
from spacetime_rl.modules.masking import Masking
from spacetime_rl.modules.network import Trunk
from spacetime_rl.modules.normalizer import make_normalizer
from spacetime_rl.modules.symlog import symlog

PREPARED = "prepared"  # column of observations that `ActingModule.prepare` has been applied to

# RLModule's own constructor uses a class that RLlib has deprecated, and logs a warning in every process.
logging.getLogger("ray._common.deprecation").addFilter(lambda record: "RLModuleConfig" not in record.getMessage())


class Acted(NamedTuple):
    """The policy's output: distribution inputs, the features that they were computed from, the new recurrent state."""

    inputs: Tensor
    features: Tensor
    state: dict[str, Tensor]


class ActingModule(TorchRLModule, InferenceOnlyAPI):  # type: ignore[misc]
    """A policy over the flat observation and flat action of a `PolicyLayout`; `make_module_spec` builds one.

    Observations are float32 [b, obs_dim]: the vector, then the images in [0, 1]. Without LSTM any number of leading
    dimensions is accepted. With LSTM they are [b, t, obs_dim], or [b, obs_dim] for a single decision, and STATE_IN and
    STATE_OUT are {"h", "c"} of [b, cell_size]; an episode begins with `get_initial_state()`, which is zeros.

    ACTION_DIST_INPUTS are in the order that `modules.actions` defines; the logits of masked choices are `MASKED`. If
    `squashed` is set, the action is the tanh of the sample drawn from them.
    """

    squashed = False
    layout: PolicyLayout

    def setup(self) -> None:
        """Build the networks (RLlib calls this once)."""
        self.layout = PolicyLayout.from_dict(self.model_config["layout"])
        model = ModelConfig.model_validate(
            {key: value for key, value in self.model_config.items() if key in ModelConfig.model_fields}
        )
        self.normalizer = make_normalizer(self.layout, model)
        self.masking = Masking(self.layout)
        self.symlog = model.symlog
        self.trunk = make_trunk(self.prepared_dim, self.layout, model)
        self.lstm = nn.LSTM(self.trunk.features, model.lstm.cell_size, batch_first=True) if model.lstm else None
        self._setup_heads(self.lstm.hidden_size if self.lstm else self.trunk.features, model)

    def explore(
        self, inputs: NDArray[np.float32], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draw actions [n, action_size] and their log-probabilities [n] from inputs [n, inputs_dim], in numpy."""
        return sample_numpy(inputs, self.layout.actions, rng)

    def exploit(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The most probable actions [n, action_size] for inputs [n, inputs_dim], in numpy."""
        return mode_numpy(inputs, self.layout.actions, self.squashed)

    def get_initial_state(self) -> dict[str, Tensor]:
        """The recurrent state at the beginning of an episode: {"h", "c"} of zeros [cell_size]; empty without LSTM."""
        if self.lstm is None:
            return {}
        return {key: torch.zeros(self.lstm.hidden_size) for key in ("h", "c")}

    def get_inference_action_dist_cls(self) -> type[ActionDistribution]:
        """The distribution class for ACTION_DIST_INPUTS, the same for inference, exploration and training."""
        return make_distribution_class(self.layout.actions)

    def act(self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None) -> Acted:
        """Distribution inputs from a prepared vector and images [..., h, w, c]; training and export both run it."""
        features, state_out = self._features(vector, images, state)
        inputs = self._inputs(features)
        return Acted(self.masking.apply(inputs, vector) if self.masking else inputs, features, state_out)

    @abstractmethod
    def expected_return(self, vector: Tensor, images: Sequence[Tensor], acted: Acted) -> Tensor:
        """The return that the policy expects from here on, [...], for the input and the result of `act`."""

    def act_on(self, batch: Mapping[str, Any]) -> Acted:
        """`act` on a batch's OBS, or PREPARED, and STATE_IN."""
        return self.act(*self.split(batch), batch.get(Columns.STATE_IN))

    @property
    def prepared_dim(self) -> int:
        """Width of the output of `prepare`."""
        return self.layout.vector_dim * (1 if self.symlog is None else 2)

    def prepare(self, vector: Tensor) -> Tensor:
        """The trunk's input from the observation vector [..., vector_dim]: normalised, and on a logarithmic scale."""
        normalized = vector if self.normalizer is None else self.normalizer(vector)
        return normalized if self.symlog is None else torch.cat([normalized, symlog(vector, self.symlog)], -1)

    def prepared(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """The batch with PREPARED in place of OBS: valid until the normaliser's next update, and not for images."""
        if self.layout.images:
            return dict(batch)
        columns = {key: value for key, value in batch.items() if key != Columns.OBS}
        return {**columns, PREPARED: self.prepare(batch[Columns.OBS])}

    def update_normalizer(self, obs: Tensor, mask: Tensor | None = None) -> None:
        """Merge observations [..., obs_dim] into the running statistics; bool `mask` [...] selects some of them."""
        if self.normalizer is not None:
            rows = obs if mask is None else obs[mask]
            self.normalizer.update(rows[..., : self.layout.vector_dim])

    @abstractmethod
    def _setup_heads(self, features: int, model: ModelConfig) -> None:
        """Build the layers after the trunk and the LSTM."""

    @abstractmethod
    def _inputs(self, features: Tensor) -> Tensor:
        """Inputs of the action distribution, [..., inputs_dim], from features [..., features]."""

    def _forward(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        acted = self.act_on(batch)
        output: dict[str, Any] = {Columns.ACTION_DIST_INPUTS: acted.inputs}
        if acted.state:
            output[Columns.STATE_OUT] = acted.state
        return output

    def split(self, batch: Mapping[str, Any]) -> tuple[Tensor, list[Tensor]]:
        """The prepared vectors [..., prepared_dim] and images [..., h, w, c] of a batch."""
        if PREPARED in batch:
            return batch[PREPARED], []
        obs: Tensor = batch[Columns.OBS]
        if not self.layout.images:
            return self.prepare(obs), []
        sizes = [self.layout.vector_dim, *(prod(image.shape) for image in self.layout.images)]
        vector, *flat = torch.split(obs, sizes, -1)
        images = [
            part.reshape(*part.shape[:-1], *image.shape) for part, image in zip(flat, self.layout.images, strict=True)
        ]
        return self.prepare(vector), images

    def _features(
        self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        hidden = over_batch(self.trunk, vector, images)
        if self.lstm is None:
            return hidden, {}
        if state is None:
            raise ValueError("a recurrent policy needs STATE_IN; an episode begins with get_initial_state()")
        if hidden.dim() == 2:
            h, c = _lstm_step(self.lstm, hidden, state["h"], state["c"])
            return h, {"h": h, "c": c}
        output, (h, c) = self.lstm(hidden, (state["h"].unsqueeze(0), state["c"].unsqueeze(0)))
        return output, {"h": h.squeeze(0), "c": c.squeeze(0)}


def over_batch(trunk: Trunk, vector: Tensor, images: Sequence[Tensor]) -> Tensor:
    """Run a trunk on any number of leading dimensions; convolutions accept exactly one."""
    if not images or vector.dim() == 2:
        return trunk(vector, images)  # type: ignore[no-any-return]
    lead = vector.shape[:-1]
    features = trunk(vector.flatten(0, -2), [image.flatten(0, -4) for image in images])
    return features.reshape(*lead, -1)  # type: ignore[no-any-return]


def _lstm_step(lstm: nn.LSTM, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One step of an LSTM in plain operators: cheaper than a sequence of length one, and exportable."""
    weight_x, weight_h, bias_x, bias_h = lstm.all_weights[0]
    gates = functional.linear(x, weight_x, bias_x) + functional.linear(h, weight_h, bias_h)
    into, forget, cell, out = gates.chunk(4, -1)
    c = forget.sigmoid() * c + into.sigmoid() * cell.tanh()
    return out.sigmoid() * c.tanh(), c
