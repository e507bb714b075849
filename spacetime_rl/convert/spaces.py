"""The spaces of another library's policy as a policy's layout, and observations in the form that the library takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from spacetime_rl.errors import UsageError
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout

OBS, ACTION = "obs", "action"  # the names of spaces that have none


@dataclass(frozen=True, slots=True)
class Part:
    """A box of the observation: its key in a Dict, None without one, its shape, and whether it is an image."""

    key: str | None
    shape: tuple[int, ...]
    is_image: bool = False
    channels_first: bool = False

    @property
    def name(self) -> str:
        """The name of its field."""
        return self.key or OBS

    @property
    def image(self) -> ImageField:
        """The image as the addon sends it: height, width, channels."""
        channels, height, width = self.shape if self.channels_first else (self.shape[2], *self.shape[:2])
        return ImageField(self.name, (height, width, channels))


@dataclass(frozen=True, slots=True)
class ForeignSpaces:
    """A policy's layout, and what its library makes of it.

    `parts` are the boxes of the observation in the layout's order: numbers, then images. `middle` and `span` give the
    limits of the continuous numbers of an action in the library's units; None: they are -1 and 1 or open.
    """

    layout: PolicyLayout
    parts: tuple[Part, ...]
    middle: NDArray[np.float32] | None = None
    span: NDArray[np.float32] | None = None

    @classmethod
    def of(cls, observation: spaces.Space[Any], action: spaces.Space[Any], where: str) -> ForeignSpaces:
        """Read the spaces of a policy; `where` begins the messages. Raises UsageError for spaces without a layout."""
        parts = _parts(observation, where)
        vectors = tuple(part for part in parts if not part.is_image)
        images = tuple(part for part in parts if part.is_image)
        fields = tuple(ObservationField(part.name, prod(part.shape)) for part in vectors)
        layout = PolicyLayout(fields, tuple(part.image for part in images), tuple(_actions(ACTION, action, where)))
        return cls(layout, (*vectors, *images), *_limits(action, where))

    def named_by(self, layout: PolicyLayout, where: str) -> ForeignSpaces:
        """The same spaces under the names of a game's layout, which `where` names. Raises UsageError if they differ."""
        vectors = [part for part in self.parts if not part.is_image]
        images = [part for part in self.parts if part.is_image]
        if len(vectors) > 1:
            vectors = _in_order(vectors, [field.name for field in layout.fields], where)
        if len(images) > 1:
            images = _in_order(images, [image.name for image in layout.images], where)
        _same("numbers observed", sum(prod(part.shape) for part in vectors), layout.vector_dim, where)
        _same("images", [part.image.shape for part in images], [image.shape for image in layout.images], where)
        for kind in ("continuous", "discrete"):
            _same(f"{kind} actions", _sizes(self.layout, kind), _sizes(layout, kind), where)
        return replace(self, layout=layout, parts=(*vectors, *images))

    def observe(self, vector: Tensor, images: Sequence[Tensor]) -> Tensor | dict[str, Tensor]:
        """The observation in the library's form from [b, vector_dim] and images [b, h, w, c] in [0, 1]."""
        found: dict[str | None, Tensor] = {}
        begin = 0
        pictures = iter(images)
        for part in self.parts:
            if part.is_image:
                pixels = next(pictures) * 255.0
                found[part.key] = pixels.permute(0, 3, 1, 2) if part.channels_first else pixels
                continue
            end = begin + prod(part.shape)
            found[part.key] = vector[:, begin:end].reshape(-1, *part.shape)
            begin = end
        return found[None] if None in found else {str(key): value for key, value in found.items()}

    def observe_numpy(self, observations: NDArray[np.float32]) -> Any:
        """The same in numpy for flat observations [n, obs_dim], with images as bytes."""
        tensor = torch.from_numpy(observations)
        sizes = [self.layout.vector_dim, *(prod(image.shape) for image in self.layout.images)]
        vector, *flat = torch.split(tensor, sizes, -1)
        images = [pixels.reshape(-1, *image.shape) for pixels, image in zip(flat, self.layout.images, strict=True)]
        seen = self.observe(vector, images)
        pixels = {part.key for part in self.parts if part.is_image}

        def array(key: str | None, value: Tensor) -> NDArray[Any]:
            return np.rint(value.numpy()).astype(np.uint8) if key in pixels else value.numpy()

        return array(None, seen) if isinstance(seen, Tensor) else {key: array(key, seen[key]) for key in seen}

    def to_unit(self, numbers: NDArray[np.float32]) -> NDArray[np.float32]:
        """Continuous numbers of an action [n, k] in the library's units as numbers in [-1, 1]."""
        if self.middle is not None and self.span is not None:
            numbers = (numbers - self.middle) / self.span
        return numbers.clip(-1.0, 1.0)

    def join_actions(self, numbers: NDArray[np.float32], choices: NDArray[Any]) -> NDArray[np.float32]:
        """Actions [n, action_size] of the layout from numbers [n, k] in [-1, 1] and indices of choices [n, m]."""
        columns, number, choice = [], 0, 0
        for action in self.layout.actions:
            if action.kind == "continuous":
                columns.append(numbers[:, number : number + action.size])
                number += action.size
            else:
                columns.append(choices[:, choice : choice + 1].astype(np.float32))
                choice += 1
        return np.concatenate(columns, -1)


def _parts(space: spaces.Space[Any], where: str, key: str | None = None) -> list[Part]:
    if isinstance(space, spaces.Dict) and key is None:
        return [part for name, inner in space.spaces.items() for part in _parts(inner, where, name)]
    if not isinstance(space, spaces.Box):
        what = f"observation {key!r}" if key else "observation"
        raise UsageError(f"{where}: the {what} is {space}; expected a Box, or a Dict of them")
    if space.dtype == np.uint8 and len(space.shape) == 3:
        return [Part(key, space.shape, True, space.shape[0] < space.shape[2])]  # as the libraries find channels
    return [Part(key, space.shape)]


def _actions(name: str, space: spaces.Space[Any], where: str) -> Iterator[ActionField]:
    if isinstance(space, spaces.Box):
        yield ActionField(name, "continuous", prod(space.shape))
    elif isinstance(space, spaces.Discrete) and space.start == 0:
        yield ActionField(name, "discrete", int(space.n))
    elif isinstance(space, spaces.MultiDiscrete) and space.nvec.ndim == 1:
        yield from (ActionField(f"{name}_{i}", "discrete", int(n)) for i, n in enumerate(space.nvec))
    elif isinstance(space, spaces.Dict):
        for key, inner in sorted(space.spaces.items()):
            yield from _actions(key, inner, where)
    elif isinstance(space, spaces.Tuple):
        for i, inner in enumerate(space.spaces):
            yield from _actions(f"{name}_{i}", inner, where)
    elif isinstance(space, spaces.MultiBinary) and len(space.shape) == 1:
        yield from (ActionField(f"{name}_{i}", "discrete", 2) for i in range(space.shape[0]))
    else:
        raise UsageError(f"{where}: the action is {space}; expected Box, Discrete from 0, MultiDiscrete or MultiBinary")


def _limits(space: spaces.Space[Any], where: str) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
    if not isinstance(space, spaces.Box) or not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
        return None, None
    low, high = space.low.ravel().astype(np.float32), space.high.ravel().astype(np.float32)
    if (low >= high).any():
        raise UsageError(f"{where}: the action is {space}, which leaves nothing to choose")
    if (low == -1.0).all() and (high == 1.0).all():
        return None, None
    return ((low + high) / 2).astype(np.float32), ((high - low) / 2).astype(np.float32)


def _sizes(layout: PolicyLayout, kind: str) -> list[int]:
    """The sizes of choices one by one, or of all continuous numbers together, which a library has as one box."""
    sizes = [action.size for action in layout.actions if action.kind == kind]
    return sizes if kind == "discrete" else [sum(sizes)]


def _same(what: str, ours: object, theirs: object, where: str) -> None:
    if ours != theirs:
        raise UsageError(f"{where}: {what}: the game has {theirs}, the policy {ours}")


def _in_order(parts: Sequence[Part], names: Sequence[str], where: str) -> list[Part]:
    by_name = {part.name: part for part in parts}
    if set(by_name) != set(names):
        raise UsageError(f"{where}: observations: the game has {', '.join(names)}, the policy {', '.join(by_name)}")
    return [by_name[name] for name in names]
