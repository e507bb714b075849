"""Layers of networks in numpy, on the memory of torch's own weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

Array = NDArray[np.float32]


def make_layers(stack: nn.Module) -> list[NumpyLayer]:
    """The numpy form of linear layers and activations as `make_mlp` stacks them."""
    layers = list(stack.children())
    pairs = zip(layers[::2], layers[1::2], strict=True)
    return [NumpyLayer(linear, ACTIVATIONS[type(activation)]) for linear, activation in pairs]  # type: ignore[arg-type]


def stack_layers(networks: Sequence[Sequence[NumpyLayer]]) -> list[NumpyLayer]:
    """The same layers of p networks; see `NumpyLayer.stacked`."""
    return [NumpyLayer.stacked(layers) for layers in zip(*networks, strict=True)]


def apply_layers(layers: Sequence[NumpyLayer], x: Array) -> Array:
    """Pass f32[..., n, inputs] through the layers."""
    for layer in layers:
        x = layer(x)
    return x


def keep(x: Array) -> Array:
    """The identity."""
    return x


class NumpyLayer:
    """A linear layer, with or without biases, and an activation. The weights may change in place."""

    def __init__(self, linear: nn.Linear, activate: Callable[[Array], Array] = keep) -> None:
        self._weight = view(linear.weight).T
        self._bias = None if linear.bias is None else view(linear.bias)
        self._activate = activate

    @classmethod
    def stacked(cls, layers: Sequence[NumpyLayer]) -> NumpyLayer:
        """The same layer of p networks: f32[p, n, inputs] to f32[p, n, outputs]. It holds copies of the weights."""
        made = copy(layers[0])
        made._weight = np.stack([layer._weight for layer in layers])
        if layers[0]._bias is not None:
            made._bias = np.stack([present(layer._bias) for layer in layers])[:, None]
        return made

    def __call__(self, x: Array) -> Array:
        """f32[..., n, inputs] to f32[..., n, outputs]."""
        y: Array = x @ self._weight
        if self._bias is not None:
            y += self._bias
        return self._activate(y)


def view(tensor: Tensor) -> Array:
    """A numpy array on the tensor's own memory."""
    view: Array = tensor.detach().numpy()
    return view


def present(array: Array | None) -> Array:
    """An array that is there."""
    assert array is not None  # networks of the same shape all have it
    return array


def _tanh(x: Array) -> Array:
    return np.tanh(x, out=x)


def _relu(x: Array) -> Array:
    return np.maximum(x, 0.0, out=x)


def _elu(x: Array) -> Array:
    return np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0)))


def _silu(x: Array) -> Array:
    x /= 1.0 + np.exp(-x)
    return x


ACTIVATIONS: dict[type[nn.Module], Callable[[Array], Array]] = {
    nn.Tanh: _tanh,
    nn.ReLU: _relu,
    nn.ELU: _elu,
    nn.SiLU: _silu,
}
