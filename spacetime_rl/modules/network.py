"""The plain torch layers of a policy: a trunk of hidden layers with an optional encoder per image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from spacetime_rl.config.policy import CnnConfig, ModelConfig
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.spec import ImageField

ACTIVATIONS: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "elu": nn.ELU, "silu": nn.SiLU}


class Trunk(nn.Module):
    """Vector and images to features: each image through its encoder, then everything through the hidden layers.

    `features` is the width of the output. `entities`, where given, makes `vector_dim` numbers of the vector first.
    Raises ConfigError where an image is too small for the filters.
    """

    def __init__(
        self, vector_dim: int, images: Sequence[ImageField], model: ModelConfig, entities: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.entities = entities
        cnn = model.cnn or CnnConfig()
        self.encoders = nn.ModuleList(make_encoder(image, cnn, model.activation) for image in images)
        encoded = sum(_encoded_size(image, cnn) for image in images)
        self.hiddens = make_mlp((vector_dim + encoded, *model.hiddens), model.activation)
        self.features = (vector_dim + encoded, *model.hiddens)[-1]

    def forward(self, vector: Tensor, images: Sequence[Tensor]) -> Tensor:
        """float32 [b, vector_dim], and per image float32 [b, h, w, c] in [0, 1], to [b, features]."""
        encoded = [encoder(image) for encoder, image in zip(self.encoders, images, strict=True)]
        if self.entities is not None:
            vector = self.entities(vector)
        hidden: Tensor = self.hiddens(torch.cat([vector, *encoded], -1) if encoded else vector)
        return hidden


def make_mlp(widths: Sequence[int], activation: str, bias: bool = True) -> nn.Sequential:
    """Linear layers between these widths, each followed by an activation; the identity for a single width."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [make_linear(before, after, math.sqrt(2.0), bias), ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


def make_linear(before: int, after: int, gain: float, bias: bool = True) -> nn.Linear:
    """A linear layer with orthogonal initial weights and zero biases, or without biases."""
    layer = nn.Linear(before, after, bias)
    nn.init.orthogonal_(layer.weight, gain)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


def make_encoder(image: ImageField, cnn: CnnConfig, activation: str) -> nn.Sequential:
    """Convolutions from an image [b, h, w, c] to a flat [b, features]."""
    layers: list[nn.Module] = [_ChannelsFirst()]
    channels = image.shape[2]
    for out, kernel, stride in cnn.filters:
        convolution = nn.Conv2d(channels, out, kernel, stride)
        nn.init.orthogonal_(convolution.weight, math.sqrt(2.0))
        nn.init.zeros_(convolution.bias)  # type: ignore[arg-type]
        layers += [convolution, ACTIVATIONS[activation]()]
        channels = out
    return nn.Sequential(*layers, nn.Flatten())


def _encoded_size(image: ImageField, cnn: CnnConfig) -> int:
    height, width, channels = image.shape
    for out, kernel, stride in cnn.filters:
        if min(height, width) < kernel:
            found = f"the image '{image.name}' of {image.shape[0]}x{image.shape[1]} pixels is down to {height}x{width}"
            raise ConfigError(
                [f"model.cnn.filters: {found} before {[out, kernel, stride]}; give fewer or smaller filters"]
            )
        height, width, channels = (height - kernel) // stride + 1, (width - kernel) // stride + 1, out
    return height * width * channels


class _ChannelsFirst(nn.Module):
    """[b, h, w, c], the order of observations, to [b, c, h, w], the order of convolutions."""

    def forward(self, image: Tensor) -> Tensor:
        return image.permute(0, 3, 1, 2)
