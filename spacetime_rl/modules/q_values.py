"""The policy of DQN: a value for each choice."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.algorithms.dqn.dqn_learner import QF_NEXT_PREDS, QF_PREDS, QF_TARGET_NEXT_PREDS
from ray.rllib.core.columns import Columns
from torch import Tensor, nn

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.masks import MASKED
from spacetime_rl.modules.acting import Acted, ActingModule
from spacetime_rl.modules.actions import plan_actions
from spacetime_rl.modules.masked import draw_allowed
from spacetime_rl.modules.network import make_linear


class QModule(ActingModule):
    """A policy for DQN: one discrete field, without images and LSTM.

    ACTION_DIST_INPUTS are the values of the choices: read as logits, they make the best choice the most probable one. A
    share `epsilon` of its decisions is random. `epsilon` is a buffer beside the weights, so that runners receive it
    with them.
    """

    def get_non_inference_attributes(self) -> list[str]:
        """The parts that only training needs."""
        return ["target_trunk", "target_head"]

    def get_target_network_pairs(self) -> list[tuple[nn.Module, nn.Module]]:
        """Pairs of a network and its target network."""
        return [(self.trunk, self.target_trunk), (self.action_head, self.target_head)]

    def explore(
        self, inputs: NDArray[np.float32], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Choose the best action, or a random one. Log-probabilities are 0, because DQN does not use them."""
        actions = self.exploit(inputs)
        astray = np.flatnonzero(rng.random(len(inputs), np.float32) < float(self.epsilon))
        if self.masking:
            actions[astray, 0] = draw_allowed(inputs[astray] > MASKED, rng.random(len(astray), np.float32))
        else:
            actions[astray, 0] = rng.integers(inputs.shape[1], size=len(astray))
        return actions, np.zeros(len(inputs), np.float32)

    def expected_return(self, vector: Tensor, images: Sequence[Tensor], acted: Acted) -> Tensor:
        """The value of the best choice."""
        del vector, images
        return acted.inputs.max(-1).values

    def _setup_heads(self, features: int, model: ModelConfig) -> None:
        del model
        self.action_head = make_linear(features, plan_actions(self.layout.actions).inputs_dim, 0.01)  # values near 0
        self.target_trunk = copy.deepcopy(self.trunk).requires_grad_(False)
        self.target_head = copy.deepcopy(self.action_head).requires_grad_(False)
        self.register_buffer("epsilon", torch.ones(()))

    def _inputs(self, features: Tensor) -> Tensor:
        return self.action_head(features)  # type: ignore[no-any-return]

    def _forward_train(self, batch: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """The outputs that RLlib's DQN loss reads, under its names."""
        now, then = self.prepare(batch[Columns.OBS]), self.prepare(batch[Columns.NEXT_OBS])
        with torch.no_grad():
            next_values = self._inputs(self.trunk(then, []))
            target_next_values = self.target_head(self.target_trunk(then, []))
            if self.masking:
                next_values = self.masking.apply_if_any(next_values, then)
                target_next_values = self.masking.apply_if_any(target_next_values, then)
        return {
            # Without masks: the choice that was taken was allowed, and means over all values stay meaningful.
            QF_PREDS: self._inputs(self.trunk(now, [])),
            QF_NEXT_PREDS: next_values,
            QF_TARGET_NEXT_PREDS: target_next_values,
        }
