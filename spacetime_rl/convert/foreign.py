"""A policy of another library in the form that our export takes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spacetime_rl.convert.spaces import ForeignSpaces
from spacetime_rl.modules.acting import Acted
from spacetime_rl.modules.masking import Masking

CERTAIN = -10.0  # log standard deviation of a policy that has none: 0.00005


@dataclass(frozen=True, slots=True)
class Heads:
    """What a policy decides: means and log standard deviations [b, k] of its numbers, logits [b, size] of choices."""

    means: Tensor | None = None
    log_stds: Tensor | None = None
    logits: Sequence[Tensor] = ()


class ForeignPolicy(nn.Module):
    """What `ExportNetwork` asks of a module, made from a policy of another library.

    With `squashed`, the action is the tanh of the numbers; otherwise the numbers are in the library's units.
    """

    squashed = False
    lstm: nn.LSTM | None
    middle: Tensor | None
    span: Tensor | None

    def __init__(self, spaces: ForeignSpaces) -> None:
        super().__init__()
        self.lstm = None
        self.spaces = spaces
        self.layout = spaces.layout
        self.masking = Masking(self.layout)  # of a library that knows no masks, too
        self.register_buffer("middle", None if spaces.middle is None else torch.from_numpy(spaces.middle))
        self.register_buffer("span", None if spaces.span is None else torch.from_numpy(spaces.span))

    @abstractmethod
    def decide(self, observation: Any) -> Heads:
        """What the policy makes of an observation in the library's form."""

    @abstractmethod
    def decide_as_library(self, observations: NDArray[np.float32], state: NDArray[np.float32]) -> NDArray[np.float32]:
        """The most probable actions [n, action_size] for [n, obs_dim], computed by the library's own functions.

        `state` is that of a policy with memory, [n, 2 * cells].
        """

    def prepare(self, observations: Tensor) -> Tensor:
        """Observations as they are: whatever the library does with them is part of `decide`."""
        return observations

    def act(self, vector: Tensor, images: Sequence[Tensor], state: Mapping[str, Tensor] | None) -> Acted:
        """The distribution's inputs in the order that `modules.actions` defines."""
        del state
        heads = self.decide(self.spaces.observe(vector, images))
        return Acted(self._arrange(heads, vector), vector, {})

    def _arrange(self, heads: Heads, vector: Tensor) -> Tensor:
        means, log_stds = heads.means, heads.log_stds
        if self.middle is not None and self.span is not None and not self.squashed:
            means = None if means is None else (means - self.middle) / self.span
            log_stds = None if log_stds is None else log_stds - self.span.log()
        parts, number, choices = [], 0, iter(heads.logits)
        for action in self.layout.actions:
            if action.kind == "discrete":
                parts.append(next(choices))
            elif means is not None and log_stds is not None:
                parts += [values[:, number : number + action.size] for values in (means, log_stds)]
                number += action.size
        inputs = torch.cat(parts, -1)
        return self.masking.apply(inputs, vector) if self.masking else inputs
