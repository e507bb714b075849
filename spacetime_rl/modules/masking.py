"""Masked choices in torch: the same computation in training, inference and the exported file."""

from __future__ import annotations

import torch
from torch import Tensor

from spacetime_rl.game.masks import MASKED
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import plan_actions
from spacetime_rl.modules.masked import masked_logits


class Masking:
    """Writes `MASKED` into the logits of choices that the masks in an observation do not allow.

    False where the layout has no masks: then there is nothing to do.
    """

    def __init__(self, layout: PolicyLayout) -> None:
        self._parts: list[tuple[slice, slice | None]] = []  # all inputs in order: a mask's columns, or None
        begin = 0
        for logits, columns in masked_logits(layout):
            self._parts += [(slice(begin, logits.start), None), (logits, columns)]
            begin = logits.stop
        if self._parts:
            self._parts.append((slice(begin, plan_actions(layout.actions).inputs_dim), None))

    def __bool__(self) -> bool:
        return bool(self._parts)

    def apply(self, inputs: Tensor, vector: Tensor) -> Tensor:
        """The distribution's inputs [..., inputs_dim] with masks, from an observation vector [..., vector_dim] or more.

        The vector may be a prepared one, because preparation leaves a mask's numbers 0 or positive.
        """
        parts = []
        for at, columns in self._parts:
            part = inputs[..., at]
            if columns is not None:
                # The constant is a tensor of one number: the exporter would make a double of a Python number.
                part = torch.where(vector[..., columns] > 0.0, part, part.new_full((1,), MASKED))
            if at.start < at.stop:
                parts.append(part)
        return torch.cat(parts, -1)

    def apply_if_any(self, values: Tensor, vector: Tensor) -> Tensor:
        """As `apply`, but values of a state that allows no choice at all stay as they are: an episode has ended there.

        For the values [..., size] of a single action.
        """
        masked = self.apply(values, vector)
        return torch.where((masked > MASKED).any(-1, keepdim=True), masked, values)
