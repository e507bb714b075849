"""The layout of a game's agents as spaces of Stable-Baselines3: a Dict of boxes, and one array of actions."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from spacetime_rl.errors import UsageError
from spacetime_rl.game.spec import STOCK_WIRE, GameSpec, PolicyLayout

OBS = "obs"  # the key of all numbers of a game with our addon, as the plugin's agents call theirs


@dataclass(frozen=True, slots=True)
class Sb3Spaces:
    """Spaces as the wrapper of Godot RL Agents makes them, so that its models and those made here are the same.

    Observations are a Dict: a float32 box for each key that a stock game sends, or one box `obs` for a game with our
    addon; images are uint8 boxes [height, width, channels]. Actions are MultiDiscrete if all are choices, otherwise a
    box in [-1, 1] in which a choice of two is a number, chosen above 0.
    """

    layout: PolicyLayout
    keys: tuple[tuple[str, int], ...]  # of the numbers, with their sizes
    observation: spaces.Dict
    action: spaces.Space[Any]

    @property
    def has_joined_choices(self) -> bool:
        """Whether a choice is one of the numbers of the action."""
        kinds = {field.kind for field in self.layout.actions}
        return len(kinds) > 1

    @classmethod
    def of(cls, spec: GameSpec, title: str) -> Sb3Spaces:
        """The spaces of all agents of a game, which one policy plays.

        Raises UsageError if the agents' spaces differ, or where Stable-Baselines3 has no such action.
        """
        layout = spec.groups[0].layout
        differing = [group.name for group in spec.groups if group.layout != layout]
        if differing:
            raise UsageError(
                f"{title}: Stable-Baselines3 trains one policy, and the spaces of {spec.groups[0].name} and "
                f"{', '.join(differing)} differ; rllib_training_script.py trains several"
            )
        stock = spec.wire == STOCK_WIRE
        numbers = tuple((field.name, field.size) for field in layout.fields) if stock else ((OBS, layout.vector_dim),)
        keys = tuple((name, size) for name, size in numbers if size)
        boxes: dict[str, spaces.Space[Any]] = {name: spaces.Box(-1.0, 1.0, (size,), np.float32) for name, size in keys}
        boxes |= {image.name: spaces.Box(0, 255, image.shape, np.uint8) for image in layout.images}
        return cls(layout, keys, spaces.Dict(boxes), _action_space(layout, title))

    def observe(self, flat: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Copies of flat observations [..., obs_dim] by key."""
        found: dict[str, NDArray[Any]] = {}
        at = 0
        for name, size in self.keys:
            found[name] = flat[..., at : at + size].copy()
            at += size
        for image in self.layout.images:
            pixels = flat[..., at : at + prod(image.shape)]
            found[image.name] = np.rint(pixels * 255).astype(np.uint8).reshape(*flat.shape[:-1], *image.shape)
            at += prod(image.shape)
        return found

    def act(self, actions: NDArray[Any]) -> NDArray[np.float32]:
        """Actions [n, k] of the action space as flat ones [n, action_size]."""
        flat = np.asarray(actions, np.float32)
        if isinstance(self.action, spaces.MultiDiscrete):
            return flat
        flat, at = flat.copy(), 0
        for field in self.layout.actions:
            if field.kind == "discrete":
                flat[:, at] = flat[:, at] > 0
            at += field.width
        return flat


def _action_space(layout: PolicyLayout, title: str) -> spaces.Space[Any]:
    choices = [field for field in layout.actions if field.kind == "discrete"]
    if len(choices) == len(layout.actions):
        return spaces.MultiDiscrete([field.size for field in choices])
    large = [f"{field.name} ({field.size})" for field in choices if field.size > 2]
    if large:
        raise UsageError(
            f"{title}: beside continuous actions Stable-Baselines3 takes choices of two only, not {', '.join(large)}; "
            "rllib_training_script.py takes them"
        )
    return spaces.Box(-1.0, 1.0, (layout.action_size,), np.float32)
