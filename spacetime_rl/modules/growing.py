"""Take over the weights of a policy that is smaller or sees less: a larger one then acts the same, and may learn more.

What is new has no say to begin with: its weights into what was there before are zero (the way of Chen, Goodfellow and
Shlens 2016, Net2Net, that adds units instead of splitting them).
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import ActingModule

_SPREAD = "log_std"
_FIRST_LAYER = "hiddens.0.weight"


def can_grow(small: PolicyLayout, large: PolicyLayout) -> bool:
    """Whether the large one sees and does everything the small one does, under the same names."""
    theirs = {field.name: field.size for field in large.fields}
    seen = all(theirs.get(field.name) == field.size for field in small.fields)
    return seen and (small.images, small.actions) == (large.images, large.actions)


def fits_into(small: ModelConfig, large: ModelConfig) -> bool:
    """Whether a network is another one with more units in its hidden layers; how untrained ones begin is no matter."""
    names = {"hiddens": small.hiddens, "initial_log_std": small.initial_log_std}
    return (
        large.model_copy(update=names) == small
        and len(large.hiddens) == len(small.hiddens)
        and all(many >= few for few, many in zip(small.hiddens, large.hiddens, strict=True))
    )


@torch.no_grad()
def grow(small: ActingModule, large: ActingModule, reset_exploration: bool = False) -> None:
    """Let the large policy say what the small one says, its value function too. They must fit by the two above.

    Statistics of observations keep their weight: were they to follow new ones quickly, what was learned would be lost.
    New fields begin with mean 0 and variance 1, and move as slowly. With `reset_exploration` it keeps its own spread.
    """
    seen = _columns(small.layout, large.layout)
    inputs = torch.cat([seen + block * large.layout.vector_dim for block in range(_blocks(large))])
    own = large.state_dict()  # the tensors themselves
    for name, theirs in small.state_dict().items():
        if name == _SPREAD and reset_exploration:
            continue
        weights = theirs.to(own[name].device)
        if name.startswith("normalizer.") and weights.dim():
            own[name][seen] = weights
        elif name.endswith(_FIRST_LAYER):
            behind = weights.shape[1] - len(inputs)  # of encoded images, of an LSTM
            last = torch.arange(own[name].shape[1] - behind, own[name].shape[1])
            _place(own[name], weights, torch.cat([inputs, last]))
        else:
            _place(own[name], weights, torch.arange(weights.shape[-1]) if weights.dim() else None)


def _place(own: Tensor, weights: Tensor, columns: Tensor | None) -> None:
    if columns is None or weights.dim() > 2:  # a count; filters, which do not grow
        own.copy_(weights)
    elif weights.dim() == 1:
        own[columns] = weights
    else:
        rows = weights.shape[0]
        own[:rows] = 0.0
        own[:rows, columns] = weights


def _columns(small: PolicyLayout, large: PolicyLayout) -> Tensor:
    """Where the large one has the small one's observation vector."""
    ends = [0]
    for field in large.fields:
        ends.append(ends[-1] + field.size)
    at = {field.name: range(*bounds) for field, bounds in zip(large.fields, pairwise(ends), strict=True)}
    return torch.tensor([column for field in small.fields for column in at[field.name]], dtype=torch.long)


def _blocks(module: ActingModule) -> int:
    """How often the vector stands in what the trunk gets."""
    return module.prepared_dim // max(1, module.layout.vector_dim)
