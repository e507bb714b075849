"""The forward pass of small policies in numpy: for a few agents it takes a fraction of torch's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.actions import clip_into, plan_actions
from spacetime_rl.modules.normalizer import VARIANCE_FLOOR
from spacetime_rl.modules.policy import LOG_STD_MAX, LOG_STD_MIN, PolicyModule
from spacetime_rl.modules.symlog import symlog_numpy

Array = NDArray[np.float32]


class NumpyForward:
    """Computes distribution inputs from observations, on the memory of the module's own weights.

    The weights may change in place. Results agree with torch's to rounding. `of` makes one for PPO, APPO and IMPALA
    policies without images and LSTM.
    """

    def __init__(self, module: PolicyModule) -> None:
        plan = plan_actions(module.layout.actions)
        self._layers = [_Layer(linear, _ACTIVATIONS[type(activation)]) for linear, activation in _pairs(module)]
        self._head = _Layer(module.action_head, _keep)
        self._normalizer = module.normalizer
        if self._normalizer is not None:
            self._mean, self._var = _view(self._normalizer.mean), _view(self._normalizer.var)
        self._symlog = module.symlog
        self._width = plan.inputs_dim
        self._log_std = None if module.log_std is None else _view(module.log_std)
        self._log_stds = plan.log_stds
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
        made._layers = [_Layer.stacked(layers) for layers in zip(*(each._layers for each in forwards), strict=True)]
        made._head = _Layer.stacked([each._head for each in forwards])
        if first._normalizer is not None:
            made._mean = np.stack([each._mean for each in forwards])[:, None]
            made._var = np.stack([each._var for each in forwards])[:, None]
        if first._log_std is not None:
            made._log_std = np.stack([_given(each._log_std) for each in forwards])[:, None]
        return made

    def __call__(self, observations: Array) -> Array:
        """f32[n, obs_dim] to f32[n, inputs_dim]."""
        hidden = observations
        if self._normalizer is not None:
            hidden = (hidden - self._mean) / np.sqrt(self._var + np.float32(VARIANCE_FLOOR))
            clip_into(hidden, -self._normalizer.clip, self._normalizer.clip)
        if self._symlog is not None:
            hidden = np.concatenate([hidden, symlog_numpy(observations, self._symlog)], -1)
        for layer in self._layers:
            hidden = layer(hidden)
        given = self._head(hidden)
        if self._log_std is None:
            return given
        inputs = np.empty((*given.shape[:-1], self._width), np.float32)
        inputs[..., self._given] = given
        inputs[..., self._log_stds] = clip_into(self._log_std.copy(), LOG_STD_MIN, LOG_STD_MAX)
        return inputs


class _Layer:
    def __init__(self, linear: nn.Linear, activate: Callable[[Array], Array]) -> None:
        self._weight, self._bias = _view(linear.weight).T, _view(linear.bias)
        self._activate = activate

    @classmethod
    def stacked(cls, layers: Sequence[_Layer]) -> _Layer:
        """The same layer of p networks: f32[p, n, inputs] to f32[p, n, outputs]."""
        made = copy(layers[0])
        made._weight = np.stack([layer._weight for layer in layers])
        made._bias = np.stack([layer._bias for layer in layers])[:, None]
        return made

    def __call__(self, x: Array) -> Array:
        y: Array = x @ self._weight
        y += self._bias
        return self._activate(y)


def _pairs(module: PolicyModule) -> list[tuple[nn.Linear, nn.Module]]:
    layers = list(module.trunk.hiddens)
    return list(zip(layers[::2], layers[1::2], strict=True))  # type: ignore[arg-type]  # as `make_mlp` stacks them


def _view(tensor: Tensor) -> Array:
    """A numpy array on the tensor's own memory."""
    view: Array = tensor.detach().numpy()
    return view


def _given(array: Array | None) -> Array:
    assert array is not None  # networks of the same shape all have it
    return array


def _keep(x: Array) -> Array:
    return x


def _tanh(x: Array) -> Array:
    return np.tanh(x, out=x)


def _relu(x: Array) -> Array:
    return np.maximum(x, 0.0, out=x)


def _elu(x: Array) -> Array:
    return np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0)))


def _silu(x: Array) -> Array:
    x /= 1.0 + np.exp(-x)
    return x


_ACTIVATIONS: dict[type[nn.Module], Callable[[Array], Array]] = {
    nn.Tanh: _tanh,
    nn.ReLU: _relu,
    nn.ELU: _elu,
    nn.SiLU: _silu,
}
