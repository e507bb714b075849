"""The forward pass of small policies in numpy: for a few agents it takes a fraction of torch's time."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np

from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.actions import clip_into, plan_actions
from spacetime_rl.modules.entities import EntityEncoder
from spacetime_rl.modules.masked import mask_inputs
from spacetime_rl.modules.normalizer import VARIANCE_FLOOR
from spacetime_rl.modules.numpy_entities import NumpyEntities
from spacetime_rl.modules.numpy_layers import Array, NumpyLayer, apply_layers, make_layers, present, stack_layers, view
from spacetime_rl.modules.policy import LOG_STD_MAX, LOG_STD_MIN, PolicyModule
from spacetime_rl.modules.symlog import symlog_numpy


class NumpyForward:
    """Computes distribution inputs from observations, on the memory of the module's own weights.

    The weights may change in place. Results agree with torch's to rounding. `of` makes one for PPO, APPO and IMPALA
    policies without images and LSTM.
    """

    def __init__(self, module: PolicyModule) -> None:
        plan = plan_actions(module.layout.actions)
        encoder = module.trunk.entities
        self._entities = NumpyEntities(encoder) if isinstance(encoder, EntityEncoder) else None
        self._layers = make_layers(module.trunk.hiddens)
        self._head = NumpyLayer(module.action_head)
        self._normalizer = module.normalizer
        if self._normalizer is not None:
            self._mean, self._var = view(self._normalizer.mean), view(self._normalizer.var)
        self._symlog = module.symlog
        self._width = plan.inputs_dim
        self._log_std = None if module.log_std is None else view(module.log_std)
        self._log_stds = plan.log_stds
        self._layout = module.layout
        self._given = np.setdiff1d(np.arange(plan.inputs_dim), plan.log_stds)

    @classmethod
    def of(cls, module: ActingModule) -> Self | None:
        """The numpy forward pass of a module; None if the module is not supported."""
        plain = isinstance(module, PolicyModule) and module.lstm is None and not module.layout.images
        return cls(module) if plain and module.action_head.weight.device.type == "cpu" else None

    @classmethod
    def stacked(cls, forwards: Sequence[Self]) -> Self:
        """One forward pass for p networks of the same shape: f32[p, n, obs_dim] to f32[p, n, inputs_dim].

        Unlike the others it holds copies of the weights. Raises ValueError for networks of different shapes.
        """
        first = forwards[0]
        made = copy(first)
        entities = [each._entities for each in forwards if each._entities is not None]
        made._entities = NumpyEntities.stacked(entities) if entities else None
        made._layers = stack_layers([each._layers for each in forwards])
        made._head = NumpyLayer.stacked([each._head for each in forwards])
        if first._normalizer is not None:
            made._mean = np.stack([each._mean for each in forwards])[:, None]
            made._var = np.stack([each._var for each in forwards])[:, None]
        if first._log_std is not None:
            made._log_std = np.stack([present(each._log_std) for each in forwards])[:, None]
        return made

    def __call__(self, observations: Array) -> Array:
        """f32[n, obs_dim] to f32[n, inputs_dim]."""
        hidden = observations
        if self._normalizer is not None:
            hidden = (hidden - self._mean) / np.sqrt(self._var + np.float32(VARIANCE_FLOOR))
            clip_into(hidden, -self._normalizer.clip, self._normalizer.clip)
        if self._symlog is not None:
            hidden = np.concatenate([hidden, symlog_numpy(observations, self._symlog)], -1)
        if self._entities is not None:
            hidden = self._entities(hidden)
        inputs = self._head(apply_layers(self._layers, hidden))
        if self._log_std is not None:
            given, inputs = inputs, np.empty((*inputs.shape[:-1], self._width), np.float32)
            inputs[..., self._given] = given
            inputs[..., self._log_stds] = clip_into(self._log_std.copy(), LOG_STD_MIN, LOG_STD_MAX)
        mask_inputs(inputs, observations, self._layout)
        return inputs
