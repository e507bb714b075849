"""A policy's layout as Gymnasium spaces, and between their values and our flat vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from spacetime_rl.game.spec import ActionField, PolicyLayout

OBS = "obs"  # key of the vector where there are images beside it


@dataclass(frozen=True, slots=True)
class PolicySpaces:
    """The spaces of one policy; values may have leading batch dimensions.

    Observation: a float32 Box, or a Dict of that under "obs" and a uint8 Box for each image. Action: a Box in [-1, 1]
    when everything is continuous, Discrete or MultiDiscrete when everything is a choice, else a Dict by field name.
    """

    layout: PolicyLayout
    observation: spaces.Space[Any]
    action: spaces.Space[Any]

    @classmethod
    def of(cls, layout: PolicyLayout) -> PolicySpaces:
        """The spaces of a layout, new ones: a space carries its own random generator."""
        return cls(layout, _observation_space(layout), _action_space(layout))

    def split_observation(self, flat: NDArray[np.float32]) -> NDArray[np.float32] | dict[str, NDArray[Any]]:
        """A copy of flat observations [..., obs_dim] as values of the observation space."""
        vector = flat[..., : self.layout.vector_dim].copy()
        if not self.layout.images:
            return vector
        parts: dict[str, NDArray[Any]] = {OBS: vector}
        at = self.layout.vector_dim
        for image in self.layout.images:
            pixels = flat[..., at : at + prod(image.shape)]
            parts[image.name] = np.rint(pixels * 255).astype(np.uint8).reshape(*flat.shape[:-1], *image.shape)
            at += prod(image.shape)
        return parts

    def join_action(self, action: Any) -> NDArray[np.float32]:
        """Values of the action space as flat actions [..., action_size]."""
        if isinstance(action, Mapping):
            parts = [_columns(field, action[field.name]) for field in self.layout.actions]
            return np.concatenate(parts, axis=-1)
        flat = np.asarray(action, np.float32)
        return flat[..., None] if isinstance(self.action, spaces.Discrete) else flat


def _observation_space(layout: PolicyLayout) -> spaces.Space[Any]:
    vector = spaces.Box(-np.inf, np.inf, (layout.vector_dim,), np.float32)
    if not layout.images:
        return vector
    images = {image.name: spaces.Box(0, 255, image.shape, np.uint8) for image in layout.images}
    return spaces.Dict({OBS: vector, **images})


def _action_space(layout: PolicyLayout) -> spaces.Space[Any]:
    kinds = {field.kind for field in layout.actions}
    if kinds == {"continuous"}:
        return spaces.Box(-1.0, 1.0, (layout.action_size,), np.float32)
    if kinds == {"discrete"}:
        sizes = [field.size for field in layout.actions]
        return spaces.Discrete(sizes[0]) if len(sizes) == 1 else spaces.MultiDiscrete(sizes)
    return spaces.Dict({field.name: _field_space(field) for field in layout.actions})


def _field_space(field: ActionField) -> spaces.Space[Any]:
    if field.kind == "continuous":
        return spaces.Box(-1.0, 1.0, (field.size,), np.float32)
    return spaces.Discrete(field.size)


def _columns(field: ActionField, value: Any) -> NDArray[np.float32]:
    columns = np.asarray(value, np.float32)
    return columns if field.kind == "continuous" else columns[..., None]
