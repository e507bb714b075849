"""Copy a policy's weights into a larger one, or one that observes more: it then acts the same, and can learn more.

Weights from new inputs and new units to existing units start at zero. (Net2Net, Chen, Goodfellow and Shlens 2016,
splits units; here units are added instead.)
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
_QUERY = ".query.weight"
_STATISTICS = ("normalizer.mean", "normalizer.var")


def can_grow(small: PolicyLayout, large: PolicyLayout) -> bool:
    """Whether the large layout has all observations of the small one under the same names, and the same actions.

    Lists of entities have to be the same in both, in the same order.
    """
    theirs = {field.name: field.size for field in large.fields}
    seen = all(theirs.get(field.name) == field.size for field in small.fields)
    seen = seen and list(small.entity_lists.values()) == list(large.entity_lists.values())
    return seen and (small.images, small.actions) == (large.images, large.actions)


def fits_into(small: ModelConfig, large: ModelConfig) -> bool:
    """Whether `large` is the same network with equal or more units per hidden layer; `initial_log_std` is ignored."""
    names = {"hiddens": small.hiddens, "initial_log_std": small.initial_log_std}
    return (
        large.model_copy(update=names) == small
        and len(large.hiddens) == len(small.hiddens)
        and all(many >= few for few, many in zip(small.hiddens, large.hiddens, strict=True))
    )


@torch.no_grad()
def grow(small: ActingModule, large: ActingModule, reset_exploration: bool = False) -> None:
    """Make the large policy compute the small policy's outputs, including its values. Both functions above must hold.

    The statistics of observations keep their count: if they followed new observations quickly, everything learned would
    be lost. New fields begin with mean 0 and variance 1, and move equally slowly. With `reset_exploration` the large
    policy keeps its own standard deviation.
    """
    seen = _columns(small.layout, large.layout)
    apart = _columns(small.layout, large.layout, large.trunk.entities is not None)
    inputs = torch.cat([apart + block * _apart_dim(large) for block in range(_blocks(large))])
    own = large.state_dict()  # references, not copies
    for name, theirs in small.state_dict().items():
        if name == _SPREAD and reset_exploration:
            continue
        weights = theirs.to(own[name].device)
        if name.startswith("critic."):  # of other agents, whose observations are the same in both
            own[name].copy_(weights)
        elif name in _STATISTICS:
            own[name][seen] = weights
        elif name.endswith((_FIRST_LAYER, _QUERY)):
            # Inputs after the vector: an LSTM's output, what is made of entities, or encoded images.
            behind = weights.shape[1] - len(inputs)
            last = torch.arange(own[name].shape[1] - behind, own[name].shape[1])
            _place(own[name], weights, torch.cat([inputs, last]))
        else:
            _place(own[name], weights, torch.arange(weights.shape[-1]) if weights.dim() else None)


def _place(own: Tensor, weights: Tensor, columns: Tensor | None) -> None:
    if columns is None or weights.dim() > 2:  # a count, or convolution filters, which do not grow
        own.copy_(weights)
    elif weights.dim() == 1:
        own[columns] = weights
    else:
        rows = weights.shape[0]
        own[:rows] = 0.0
        own[:rows, columns] = weights


def _columns(small: PolicyLayout, large: PolicyLayout, apart: bool = False) -> Tensor:
    """Columns of the large vector that hold the small one's fields; `apart` leaves lists of entities out of both."""
    ends = [0]
    small_fields, large_fields = (
        [field for field in layout.fields if not (apart and field.columns)] for layout in (small, large)
    )
    for field in large_fields:
        ends.append(ends[-1] + field.size)
    at = {field.name: range(*bounds) for field, bounds in zip(large_fields, pairwise(ends), strict=True)}
    return torch.tensor([column for field in small_fields for column in at[field.name]], dtype=torch.long)


def _apart_dim(module: ActingModule) -> int:
    """Width of the observation vector without the lists that pass through an encoder of entities."""
    lists = module.layout.entity_lists.values() if module.trunk.entities is not None else ()
    return module.layout.vector_dim - sum(field.size for field in lists)


def _blocks(module: ActingModule) -> int:
    """How many times the trunk's input contains the observation vector: twice with `symlog`."""
    return module.prepared_dim // max(1, module.layout.vector_dim)
