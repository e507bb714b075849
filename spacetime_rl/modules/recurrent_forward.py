"""The forward pass in numpy of small policies with an LSTM, one decision at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.numpy_forward import NumpyForward
from spacetime_rl.modules.policy import PolicyModule

Array = NDArray[np.float32]
State = Mapping[str, Array]


class RecurrentForward(NumpyForward):
    """Computes distribution inputs and the next recurrent state, with a copy of the module's weights.

    Results agree with torch's to rounding. `of` makes one for PPO, APPO and IMPALA policies with an LSTM and without
    images.
    """

    def __init__(self, module: PolicyModule) -> None:
        super().__init__(module)
        assert module.lstm is not None  # checked by `of`
        self._step = _LstmStep(module.lstm)
        self._layers: list[Any] = [*self._layers, self._step]

    @classmethod
    def of(cls, module: ActingModule) -> Self | None:
        """The numpy forward pass of a module; None if the module is not supported."""
        recurrent = isinstance(module, PolicyModule) and module.lstm is not None and not module.layout.images
        return cls(module) if recurrent and module.action_head.weight.device.type == "cpu" else None

    @classmethod
    def stacked(cls, forwards: Sequence[Self]) -> Self:
        """One forward pass for p networks of the same shape, whose arrays have p as their first dimension."""
        without = [copy(each) for each in forwards]
        for each in without:
            each._layers = each._layers[:-1]
        made = super().stacked(without)
        made._step = _LstmStep.stacked([each._step for each in forwards])
        made._layers = [*made._layers, made._step]
        return made

    def decide(self, observations: Array, state: State) -> tuple[Array, State]:
        """Inputs f32[n, inputs_dim] and the new state from observations f32[n, obs_dim] and {"h", "c"} of f32[n, c]."""
        self._step.state = state
        inputs = self(observations)
        return inputs, self._step.state


class _LstmStep:
    """One step of an LSTM, from and to `state`, as a layer after the hidden ones."""

    def __init__(self, lstm: nn.LSTM) -> None:
        weight_x, weight_h, bias_x, bias_h = (each.detach().numpy() for each in lstm.all_weights[0])
        self._weight: Array = np.ascontiguousarray(np.concatenate([weight_x, weight_h], 1).T)
        self._bias: Array = bias_x + bias_h
        self.state: State = {}

    @classmethod
    def stacked(cls, steps: Sequence[_LstmStep]) -> _LstmStep:
        """The same step of p networks."""
        made = copy(steps[0])
        made._weight = np.stack([step._weight for step in steps])
        made._bias = np.stack([step._bias for step in steps])[:, None]
        return made

    def __call__(self, x: Array) -> Array:
        gates = np.concatenate([x, self.state["h"]], -1) @ self._weight
        gates += self._bias
        into, forget, cell, out = np.split(gates, 4, -1)
        c = _sigmoid(forget) * self.state["c"] + _sigmoid(into) * np.tanh(cell)
        h: Array = _sigmoid(out) * np.tanh(c)
        self.state = {"h": h, "c": c}
        return h


def _sigmoid(x: Array) -> Array:
    # By tanh, which does not overflow where exp would.
    half: Array = np.tanh(x * np.float32(0.5))
    return half * np.float32(0.5) + np.float32(0.5)
