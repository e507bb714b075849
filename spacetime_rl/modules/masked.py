"""Masked choices in numpy: their logits are `MASKED`, so that whatever reads the logits never takes them.

A policy writes `MASKED` itself, from the masks in its observation: everything behind it, from the drawing of an action
to the loss, the exported file and the game's own runtime, needs no masks. (Huang and Ontañón 2020 show that the
gradient of such a policy is that of the policy over the allowed choices.)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.masks import MASKED, masks_of
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import plan_actions


def masked_logits(layout: PolicyLayout) -> tuple[tuple[slice, slice], ...]:
    """For each masked action its logits among the distribution's inputs, and its mask's columns in the observation."""
    plan = plan_actions(layout.actions)
    return tuple((plan.choices[mask.choice].logits, mask.columns) for mask in masks_of(layout))


def mask_inputs(inputs: NDArray[np.float32], observations: NDArray[np.float32], layout: PolicyLayout) -> None:
    """Write MASKED into inputs [..., inputs_dim], in place, where observations [..., obs_dim] mask a choice."""
    for logits, columns in masked_logits(layout):
        inputs[..., logits][observations[..., columns] <= 0.0] = MASKED


def redraw_masked(
    actions: NDArray[np.float32],
    observations: NDArray[np.float32],
    layout: PolicyLayout,
    draw: Callable[[int], NDArray[np.float32]],
) -> None:
    """Make random actions [n, action_size] choose among the choices that observations [n, obs_dim] allow, in place.

    `draw` gives uniform numbers in [0, 1), float32 [n], for the action column that it is asked for.
    """
    choices = plan_actions(layout.actions).choices
    for mask in masks_of(layout):
        column = choices[mask.choice].column
        actions[:, column] = draw_allowed(mask.allowed(observations), draw(column))


def draw_allowed(allowed: NDArray[np.bool_], uniforms: NDArray[np.float32]) -> NDArray[np.int64]:
    """For each row of bool [n, size] one of its allowed choices, int64 [n], all equally likely.

    `uniforms` are numbers in [0, 1), float32 [n]. The choice of a row that allows none is 0.
    """
    counts = allowed.sum(-1)
    # The minimum is for float32: a product just below the number of choices may be rounded up to it.
    wanted = np.minimum(np.floor(uniforms * counts.astype(np.float32)).astype(np.int64), counts - 1)
    return (allowed.cumsum(-1) > wanted[:, None]).argmax(-1)  # type: ignore[no-any-return]
