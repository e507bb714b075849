"""Action masks: which choices of a discrete action are allowed, as fields of the observation vector.

A game that masks the action `tool` declares an observation field `mask/tool` of kind `mask`, with one number for each
choice: 1 where the choice is allowed now, 0 where it is not. Whatever has an observation therefore has its masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import MASK_PREFIX, PolicyLayout

# The logit of a masked choice. Beside any other logit its probability is exactly 0 in float32. It is finite, so that 0
# times its logarithm is 0.
MASKED = -1e9


@dataclass(frozen=True, slots=True)
class Mask:
    """The mask of one action: its name, its index among the discrete ones, the mask's columns in the observation."""

    action: str
    choice: int
    columns: slice

    def allowed(self, observations: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which choices are allowed, bool [..., size], by observations [..., obs_dim]."""
        return observations[..., self.columns] > 0.0


@lru_cache(maxsize=64)
def masks_of(layout: PolicyLayout) -> tuple[Mask, ...]:
    """The masks of a layout in the order of its actions; empty if no action is masked."""
    discrete = [action.name for action in layout.actions if action.kind == "discrete"]
    found, begin = [], 0
    for field in layout.fields:
        if field.kind == "mask":
            action = field.name.removeprefix(MASK_PREFIX)
            found.append(Mask(action, discrete.index(action), slice(begin, begin + field.size)))
        begin += field.size
    return tuple(sorted(found, key=lambda mask: mask.choice))
