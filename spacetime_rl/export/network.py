"""What an ONNX file computes: from the numbers a game has to the numbers a game wants.

Inputs and outputs bear the names the ONNX node of stock Godot RL Agents uses. The file adds a third output,
`distribution`, for those who want to sample; whoever asks for outputs by name never meets it.
"""

from __future__ import annotations

from math import prod

import torch
from torch import Tensor, nn

from spacetime_rl.export.schema import vector_inputs
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.actions import plan_actions

OUTPUTS = ("output", "state_outs", "distribution")
PIXEL_MAX = 255.0


class ExportNetwork(nn.Module):
    """One decision of a batch of agents.

    Inputs, float32: `obs` [b, vector_dim] as the game gives it (left out where a policy only sees images; for a stock
    game one input [b, n] per observation key instead); each image by its name, [b, h * w * c] of bytes 0..255 in
    row-major h, w, c; `state_ins`, [b] without memory (passed through, as the stock node wants it), [b, state_size]
    with: hidden then cell state, zeros where an episode begins.

    `output` [b, m] is, field after field in declared order: for a continuous one its means clipped to [-1, 1] (of a
    squashed policy: their tanh), followed by its log standard deviations if there are discrete fields too (the stock
    node then skips them); for a discrete one its logits, shifted so that none is negative (the stock node looks for the
    largest from zero up).
    `distribution` [b, inputs_dim] is the action distribution's input as `spacetime_rl.modules.actions` defines it.
    """

    def __init__(self, module: ActingModule, wire: str) -> None:
        super().__init__()
        self.module = module
        self.layout = module.layout
        vectors = vector_inputs(module.layout, wire)
        self.vectors = {name: sum(field.size for field in fields) for name, fields in vectors.items()}
        self.cell_size = module.lstm.hidden_size if module.lstm else 0
        plan = plan_actions(self.layout.actions)
        self.with_log_stds = bool(plan.choices)

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs in order."""
        return (*self.vectors, *(image.name for image in self.layout.images), "state_ins")

    def example(self, batch: int) -> tuple[Tensor, ...]:
        """Inputs of zeros."""
        sizes = [*self.vectors.values(), *(prod(image.shape) for image in self.layout.images)]
        state = torch.zeros(batch, 2 * self.cell_size) if self.cell_size else torch.zeros(batch)
        return (*(torch.zeros(batch, size) for size in sizes), state)

    def forward(self, *tensors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The inputs, in order, to output, state_outs and distribution."""
        *seen, state_ins = tensors
        vectors, pixels = seen[: len(self.vectors)], seen[len(self.vectors) :]
        vector = torch.cat(vectors, -1) if vectors else state_ins.new_zeros((state_ins.shape[0], 0))
        images = [
            (flat / PIXEL_MAX).reshape(-1, *image.shape) for flat, image in zip(pixels, self.layout.images, strict=True)
        ]
        state = None
        if self.cell_size:
            state = {"h": state_ins[:, : self.cell_size], "c": state_ins[:, self.cell_size :]}
        acted = self.module.act(self.module.prepare(vector), images, state)
        state_outs = torch.cat([acted.state["h"], acted.state["c"]], -1) if state else state_ins * 1.0
        return self._decode(acted.inputs), state_outs, acted.inputs

    def _decode(self, inputs: Tensor) -> Tensor:
        parts: list[Tensor] = []
        begin = 0
        for action in self.layout.actions:
            head = inputs[:, begin : begin + action.size]
            begin += action.size
            if action.kind == "discrete":
                parts.append(head - head.min(-1, keepdim=True).values)
                continue
            parts.append(head.tanh() if self.module.squashed else head.clamp(-1.0, 1.0))
            if self.with_log_stds:
                parts.append(inputs[:, begin : begin + action.size])
            begin += action.size
        return torch.cat(parts, -1)
