"""The demonstrations of one policy as plain arrays, and their file in a run's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.spec import PolicyLayout

Floats = NDArray[np.float32]

_IMAGE = "image_"  # before the name of an image, in the name of its array


@dataclass(frozen=True, slots=True, eq=False)
class DemonstratedEpisode:
    """What one agent saw, did and earned in an episode of T decisions.

    `actions` are within their limits: continuous numbers in [-1, 1], and the indices of choices.
    """

    vectors: Floats  # [T + 1, vector_dim], the observation after the last decision included
    images: Mapping[str, NDArray[np.uint8]]  # by name, [T + 1, height, width, channels]
    actions: Floats  # [T, action_size]
    rewards: Floats  # [T]
    terminated: bool  # nothing could be earned after it; False if it was cut off


@dataclass(frozen=True, slots=True, eq=False)
class Demonstrations:
    """The episodes of all agents that a policy learns from, one after the other: E episodes of N decisions together."""

    layout: PolicyLayout
    vectors: Floats  # [N + E, vector_dim]
    images: Mapping[str, NDArray[np.uint8]]  # by name, [N + E, height, width, channels]
    actions: Floats  # [N, action_size]
    rewards: Floats  # [N]
    lengths: NDArray[np.int64]  # [E] decisions
    terminated: NDArray[np.bool_]  # [E]

    @classmethod
    def of(cls, layout: PolicyLayout, episodes: Sequence[DemonstratedEpisode]) -> Demonstrations:
        """Join episodes, of which there must be at least one."""
        return cls(
            layout,
            np.concatenate([episode.vectors for episode in episodes]),
            {
                image.name: np.concatenate([episode.images[image.name] for episode in episodes])
                for image in layout.images
            },
            np.concatenate([episode.actions for episode in episodes]),
            np.concatenate([episode.rewards for episode in episodes]),
            np.array([len(episode.actions) for episode in episodes], np.int64),
            np.array([episode.terminated for episode in episodes], np.bool_),
        )

    def save(self, path: Path) -> None:
        """Write a file that `load` reads."""
        arrays: dict[str, Any] = {
            "layout": np.array(to_json(self.layout.to_dict())),
            "vectors": self.vectors,
            "actions": self.actions,
            "rewards": self.rewards,
            "lengths": self.lengths,
            "terminated": self.terminated,
            **{_IMAGE + name: pixels for name, pixels in self.images.items()},
        }
        with path.open("wb") as file:
            np.savez(file, **arrays)

    @classmethod
    def load(cls, path: Path) -> Demonstrations:
        """Read what `save` wrote. Raises OSError, KeyError or ValueError for another file; executes nothing of it."""
        with np.load(path, allow_pickle=False) as found:
            layout = PolicyLayout.from_dict(json.loads(str(found["layout"])))
            return cls(
                layout,
                found["vectors"],
                {image.name: found[_IMAGE + image.name] for image in layout.images},
                found["actions"],
                found["rewards"],
                found["lengths"],
                found["terminated"],
            )
