"""Layers for lists of entities: every row through the same encoder, and all rows into features without an order.

The features do not change when entities change places. The models in the field are Deep Sets (Zaheer et al. 2017) for
pooling, and the entity attention of Baker et al. 2019 (arXiv:1909.07528) with the agent's own features as the query.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.network import Trunk, make_linear, make_mlp

HEADS = 4  # of attention: each weighs the entities in its own way
UNUSED = 1e9  # subtracted from the attention scores of unused rows, whose weights are then exactly 0


@dataclass(frozen=True, slots=True)
class EntityRows:
    """Where a list of entities is in a network's input: `begins` has one index for each copy of the vector."""

    begins: tuple[int, ...]
    rows: int
    columns: int

    @property
    def spans(self) -> list[tuple[int, int]]:
        """The first index and the one after the last, for each copy."""
        return [(begin, begin + self.rows * self.columns) for begin in self.begins]


def entity_rows(layout: PolicyLayout, model: ModelConfig) -> tuple[EntityRows, ...]:
    """The lists that a policy's networks read as lists: none with `entities: flat`, or where the game has none."""
    if model.entities == "flat":
        return ()
    copies = 1 if model.symlog is None else 2
    return tuple(
        EntityRows(tuple(begin + copy * layout.vector_dim for copy in range(copies)), field.rows, len(field.columns))
        for begin, field in layout.entity_lists.items()
    )


def make_trunk(vector_dim: int, layout: PolicyLayout, model: ModelConfig) -> Trunk:
    """The trunk of a policy, over its prepared vector, which may have further numbers behind: `vector_dim` in all."""
    lists = entity_rows(layout, model)
    if not lists:
        return Trunk(vector_dim, layout.images, model)
    encoder = EntityEncoder(vector_dim, lists, model)
    return Trunk(encoder.features, layout.images, model, encoder)


class EntityEncoder(nn.Module):
    """Maps float32 [..., vector_dim] to [..., features]: the other numbers, each list's share of used rows, features.

    `own` is the width of the first two together. They are the query of attention. A row's first number says whether the
    row is used. Layers without biases map the zeros of an unused row to zeros, whatever the activation.
    """

    def __init__(self, vector_dim: int, lists: Sequence[EntityRows], model: ModelConfig) -> None:
        super().__init__()
        self.rest = spans_between([span for rows in lists for span in rows.spans], vector_dim)
        self.own = sum(end - begin for begin, end in self.rest) + len(lists)
        kind = AttentionEncoder if model.entities == "attention" else PoolEncoder
        encoders = [kind(rows, self.own, model) for rows in lists]
        self.lists = nn.ModuleList(encoders)
        self.features = self.own + sum(encoder.features for encoder in encoders)

    def forward(self, vector: Tensor) -> Tensor:
        """The input of the hidden layers."""
        if vector.dim() > 2:  # one leading dimension keeps the shapes in an exported file constant
            found: Tensor = self(vector.flatten(0, -2))
            return found.reshape(*vector.shape[:-1], self.features)
        entities = [encoder.split(vector) for encoder in self.lists]  # type: ignore[operator]
        shares = [present.mean(-2) for _, present in entities]
        own = torch.cat([*(vector[..., begin:end] for begin, end in self.rest), *shares], -1)
        features = [encoder(rows, present, own) for encoder, (rows, present) in zip(self.lists, entities, strict=True)]
        return torch.cat([own, *features], -1)


class _ListEncoder(nn.Module):
    """Encodes one list of entities; `features` is the width of the output."""

    features: int

    def __init__(self, where: EntityRows, model: ModelConfig) -> None:
        super().__init__()
        self.where = where
        width = model.entity_width
        self.encoder = make_mlp((len(where.begins) * where.columns, width, width), model.activation, bias=False)

    def split(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        """The list's rows [b, rows, copies * columns], unused ones all zeros, and which are used [b, rows, 1]."""
        shape = (-1, self.where.rows, self.where.columns)
        copies = [vector[:, begin:end].reshape(shape) for begin, end in self.where.spans]
        present = copies[0][..., :1]
        copies[0] = copies[0] * present  # the normaliser has moved the zeros of unused rows
        return torch.cat(copies, -1) if len(copies) > 1 else copies[0], present


class PoolEncoder(_ListEncoder):
    """The mean and the maximum of the encoded entities, which are both 0 without entities."""

    def __init__(self, where: EntityRows, own: int, model: ModelConfig) -> None:
        super().__init__(where, model)
        del own
        self.features = 2 * model.entity_width

    def forward(self, rows: Tensor, present: Tensor, own: Tensor) -> Tensor:
        """Features [b, 2 * width]. A maximum below 0 counts as 0, whether or not there are unused rows."""
        del own
        encoded = self.encoder(rows)
        mean = encoded.sum(-2) / present.sum(-2).clamp(min=1.0)
        return torch.cat([mean, encoded.amax(-2).relu()], -1)


class AttentionEncoder(_ListEncoder):
    """Means of the encoded entities, weighted by each head of attention; 0 without entities.

    The query of a head is compared with the encoded entities themselves. This has the same form as keys and values made
    by further matrices, because these can be multiplied into the query's and into the next layer's.
    """

    def __init__(self, where: EntityRows, own: int, model: ModelConfig) -> None:
        super().__init__(where, model)
        width = model.entity_width
        self.query = make_linear(own, HEADS * width, 1.0 / math.sqrt(width))
        self.features = HEADS * width

    def forward(self, rows: Tensor, present: Tensor, own: Tensor) -> Tensor:
        """Features [b, HEADS * width]."""
        encoded = self.encoder(rows)
        query = self.query(own).reshape(-1, HEADS, self.features // HEADS)
        scores = query @ encoded.transpose(-1, -2) + (present.transpose(-1, -2) - 1.0) * UNUSED
        seen: Tensor = scores.softmax(-1) @ encoded
        return seen.reshape(-1, self.features)


def spans_between(taken: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """What the spans leave of `size` numbers, as spans."""
    bounds = [0, *(bound for span in sorted(taken) for bound in span), size]
    return [(begin, end) for begin, end in list(pairwise(bounds))[::2] if end > begin]
