"""The computation in an ONNX file: from a game's observations to its actions.

Inputs and outputs have the names that the ONNX node of stock Godot RL Agents uses. A third output, `distribution`,
serves programs that sample actions, and an optional fourth, `value`, programs that show what the policy expects. A
program that requests outputs by name is not affected by either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from spacetime_rl.export.schema import vector_inputs
from spacetime_rl.game.masks import MASKED, masks_of
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import Acted
from spacetime_rl.modules.actions import plan_actions

OUTPUTS = ("output", "state_outs", "distribution")
VALUE = "value"  # only where it was asked for
PIXEL_MAX = 255.0  # the files take bytes, the networks 0 to 1


class Decider(Protocol):
    """What a file is exported from: an `ActingModule`, or another library's policy in the same form."""

    layout: PolicyLayout
    squashed: bool
    lstm: nn.LSTM | None

    def prepare(self, observations: Tensor) -> Tensor:
        """The network's input from the observation vector [b, vector_dim]."""

    def act(self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None) -> Acted:
        """The distribution's inputs, for prepared vectors and images in [0, 1], and the new recurrent state."""


class ExportNetwork(nn.Module):
    """One decision of a batch of agents.

    Inputs, float32:
    - `obs` [b, vector_dim]: the observation vector as the game sends it. A policy that observes only images has no
      `obs`. For a stock game there is one input [b, n] per observation key instead.
    - Each image by its name, [b, h * w * c]: bytes 0..255 in row-major order h, w, c.
    - `state_ins`: without recurrent state [b], passed through because the stock node expects it. With recurrent state
      [b, state_size]: hidden state, then cell state; zeros at the beginning of an episode.

    `output` [b, m] holds the action fields in declared order. A continuous field is its means clipped to [-1, 1], or
    their tanh for a squashed policy. If there are discrete fields too, its log standard deviations follow, which the
    stock node then skips. A discrete field is its logits, shifted so that none is negative: the stock node searches for
    the largest logit from zero up. Masked choices are 0, and the others at least 1.

    `distribution` [b, inputs_dim] is the action distribution's input as `spacetime_rl.modules.actions` defines it.
    `value` [b, 1], only `with_value`, is the return that the policy expects: `ActingModule.expected_return`.
    """

    def __init__(self, module: Decider, wire: str, with_value: bool = False) -> None:
        super().__init__()
        self.module: Any = module
        self.with_value = with_value
        self.layout = module.layout
        vectors = vector_inputs(module.layout, wire)
        self.vectors = {name: sum(field.size for field in fields) for name, fields in vectors.items()}
        self.cell_size = module.lstm.hidden_size if module.lstm else 0
        plan = plan_actions(self.layout.actions)
        self.masked = {mask.action for mask in masks_of(self.layout)}
        self.with_log_stds = bool(plan.choices)

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of the inputs, in order."""
        return (*self.vectors, *(image.name for image in self.layout.images), "state_ins")

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the outputs, in order."""
        return (*OUTPUTS, VALUE) if self.with_value else OUTPUTS

    def example(self, batch: int) -> tuple[Tensor, ...]:
        """Inputs of zeros for `batch` agents, in the order of `inputs`."""
        sizes = [*self.vectors.values(), *(prod(image.shape) for image in self.layout.images)]
        state = torch.zeros(batch, 2 * self.cell_size) if self.cell_size else torch.zeros(batch)
        return (*(torch.zeros(batch, size) for size in sizes), state)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Compute the tensors of `outputs` from the inputs, given in the order of `inputs`."""
        *seen, state_ins = tensors
        vectors, pixels = seen[: len(self.vectors)], seen[len(self.vectors) :]
        vector = torch.cat(vectors, -1) if vectors else state_ins.new_zeros((state_ins.shape[0], 0))
        images = [
            (flat / PIXEL_MAX).reshape(-1, *image.shape) for flat, image in zip(pixels, self.layout.images, strict=True)
        ]
        state = None
        if self.cell_size:
            state = {"h": state_ins[:, : self.cell_size], "c": state_ins[:, self.cell_size :]}
        prepared = self.module.prepare(vector)
        acted = self.module.act(prepared, images, state)
        state_outs = torch.cat([acted.state["h"], acted.state["c"]], -1) if state else state_ins * 1.0
        found = (self._decode(acted.inputs), state_outs, acted.inputs)
        if not self.with_value:
            return found
        return (*found, self.module.expected_return(prepared, images, acted).unsqueeze(-1))

    def _decode(self, inputs: Tensor) -> Tensor:
        parts: list[Tensor] = []
        begin = 0
        for action in self.layout.actions:
            head = inputs[:, begin : begin + action.size]
            begin += action.size
            if action.kind == "discrete":
                parts.append(_shifted(head, action.name in self.masked))
                continue
            parts.append(head.tanh() if self.module.squashed else head.clamp(-1.0, 1.0))
            if self.with_log_stds:
                parts.append(inputs[:, begin : begin + action.size])
            begin += action.size
        return torch.cat(parts, -1)


def _shifted(logits: Tensor, masked: bool) -> Tensor:
    """Logits [b, size] of which none is negative; with masks 0 is left to the masked ones alone."""
    if not masked:
        return logits - logits.min(-1, keepdim=True).values
    allowed = logits > MASKED
    lowest = torch.where(allowed, logits, logits.max(-1, keepdim=True).values).min(-1, keepdim=True).values
    return torch.where(allowed, logits - lowest + 1.0, torch.zeros_like(logits))
