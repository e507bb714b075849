"""A policy's layout as Gymnasium spaces, and conversion between their values and our flat vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from spacetime_rl.errors import ActionError
from spacetime_rl.game.masks import masks_of
from spacetime_rl.game.spec import ActionField, PolicyLayout

OBS = "obs"  # key of the vector in an observation with images
ACTION_MASK = "action_mask"  # key of an agent's masks in its info


@dataclass(frozen=True, slots=True)
class PolicySpaces:
    """The spaces of one policy; values may have leading batch dimensions.

    The observation is a float32 Box, or a Dict of that Box under "obs" and a uint8 Box for each image. In a list of
    entities (`layout.entity_lists`), the first number of each row is within [0, 1]: 1 in a used row. The action is a
    Box in [-1, 1] if all fields are continuous, Discrete or MultiDiscrete if all are discrete, or a Dict by field name.
    """

    layout: PolicyLayout
    observation: spaces.Space[Any]
    action: spaces.Space[Any]

    @classmethod
    def of(cls, layout: PolicyLayout) -> PolicySpaces:
        """New spaces for a layout; not shared, because a space has its own random generator."""
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

    def action_mask(self, flat: NDArray[np.float32]) -> Any:
        """The masks in flat observations [..., obs_dim], in the form that `action.sample` takes; None without masks.

        A choice's mask is int8 [..., size], 1 where it is allowed. An action without a mask has one of ones, or None if
        it is continuous.
        """
        masks = {mask.action: mask for mask in masks_of(self.layout)}
        if not masks:
            return None
        parts = {
            field.name: masks[field.name].allowed(flat).astype(np.int8)
            if field.name in masks
            else np.ones((*flat.shape[:-1], field.size), np.int8)
            for field in self.layout.actions
            if field.kind == "discrete"
        }
        if isinstance(self.action, spaces.Dict):
            return {field.name: parts.get(field.name) for field in self.layout.actions}
        return next(iter(parts.values())) if isinstance(self.action, spaces.Discrete) else tuple(parts.values())

    def split_action(self, flat: NDArray[np.float32]) -> NDArray[Any] | dict[str, NDArray[Any]]:
        """Flat actions [..., action_size] as values of the action space, those out of range at the nearest limit."""
        if isinstance(self.action, spaces.Box):
            return np.clip(flat, -1.0, 1.0)
        if isinstance(self.action, spaces.Discrete):
            return flat[..., 0].astype(np.int64)
        if isinstance(self.action, spaces.MultiDiscrete):
            return flat.astype(np.int64)
        parts: dict[str, NDArray[Any]] = {}
        at = 0
        for field in self.layout.actions:
            columns = flat[..., at : at + field.width]
            discrete = field.kind == "discrete"
            parts[field.name] = columns[..., 0].astype(np.int64) if discrete else np.clip(columns, -1.0, 1.0)
            at += field.width
        return parts

    def join_action(self, action: Any, batch: tuple[int, ...] = (), who: str = "the action") -> NDArray[np.float32]:
        """Values of the action space, with these leading dimensions, as flat actions [*batch, action_size].

        Raises ActionError, which names `who`, for values of another form. The game checks whether they are in range.
        """
        if not isinstance(self.action, spaces.Dict):
            single = isinstance(self.action, spaces.Discrete)
            flat = _floats(action, (*batch, *(() if single else (self.layout.action_size,))), who)
            return flat[..., None] if single else flat
        names = [field.name for field in self.layout.actions]
        if not isinstance(action, Mapping) or set(action) != set(names):
            found = ", ".join(map(str, action)) if isinstance(action, Mapping) else repr(action)
            raise ActionError(f"{who}: expected a dict of {', '.join(names)}, found {found}")
        parts = [_columns(field, action[field.name], batch, f"{who}: {field.name!r}") for field in self.layout.actions]
        return np.concatenate(parts, axis=-1)


def _observation_space(layout: PolicyLayout) -> spaces.Space[Any]:
    high = np.full(layout.vector_dim, np.inf, np.float32)
    low = -high
    for begin, field in layout.entity_lists.items():
        present = slice(begin, begin + field.size, len(field.columns))
        low[present], high[present] = 0.0, 1.0
    vector = spaces.Box(low, high, dtype=np.float32)
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


def _columns(field: ActionField, value: Any, batch: tuple[int, ...], who: str) -> NDArray[np.float32]:
    if field.kind == "continuous":
        return _floats(value, (*batch, field.size), who)
    return _floats(value, batch, who)[..., None]


def _floats(value: Any, shape: tuple[int, ...], who: str) -> NDArray[np.float32]:
    try:
        flat = np.asarray([] if value is None else value, np.float32)  # numpy would make a NaN of None
    except (TypeError, ValueError, OverflowError):
        raise ActionError(f"{who}: expected numbers, found {value!r}") from None
    # For Discrete, an array of one number is accepted.
    if flat.shape != shape and not (shape == () and flat.shape == (1,)):
        raise ActionError(
            f"{who}: expected {_described(shape)}, found {'None' if value is None else _described(flat.shape)}"
        )
    return flat.reshape(shape)


def _described(shape: tuple[int, ...]) -> str:
    return f"an array of shape {shape}" if shape else "a single number"
