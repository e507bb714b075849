"""The layers for lists of entities in numpy; see `modules.entities`."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Self

import numpy as np

from spacetime_rl.modules.entities import HEADS, UNUSED, AttentionEncoder, EntityEncoder, PoolEncoder
from spacetime_rl.modules.numpy_layers import Array, NumpyLayer, apply_layers, make_layers, stack_layers

_ONE = np.float32(1.0)


class NumpyEntities:
    """Computes what an `EntityEncoder` computes, f32[..., n, vector_dim] to f32[..., n, features]."""

    def __init__(self, encoder: EntityEncoder) -> None:
        self._rest = [slice(*span) for span in encoder.rest]
        self._lists = [_NumpyList(one) for one in encoder.lists]  # type: ignore[arg-type]

    @classmethod
    def stacked(cls, encoders: Sequence[Self]) -> Self:
        """One encoder for p networks of the same shape: f32[p, n, vector_dim] to f32[p, n, features]."""
        made = copy(encoders[0])
        made._lists = [_NumpyList.stacked(lists) for lists in zip(*(each._lists for each in encoders), strict=True)]
        return made

    def __call__(self, vector: Array) -> Array:
        """The input of the hidden layers."""
        entities = [one.split(vector) for one in self._lists]
        shares = [present.mean(-2) for _, present in entities]
        own = np.concatenate([*(vector[..., span] for span in self._rest), *shares], -1)
        found = [one(rows, present, own) for one, (rows, present) in zip(self._lists, entities, strict=True)]
        return np.concatenate([own, *found], -1)


class _NumpyList:
    def __init__(self, encoder: AttentionEncoder | PoolEncoder) -> None:
        self._where = encoder.where
        self._encoder = make_layers(encoder.encoder)
        self._query = NumpyLayer(encoder.query) if isinstance(encoder, AttentionEncoder) else None

    @classmethod
    def stacked(cls, lists: Sequence[_NumpyList]) -> _NumpyList:
        made = copy(lists[0])
        made._encoder = stack_layers([each._encoder for each in lists])
        queries = [each._query for each in lists if each._query is not None]
        made._query = NumpyLayer.stacked(queries) if queries else None
        return made

    def split(self, vector: Array) -> tuple[Array, Array]:
        """The rows [..., n, rows, copies * columns], unused ones all zeros, and which are used [..., n, rows, 1]."""
        shape = (*vector.shape[:-1], self._where.rows, self._where.columns)
        copies = [vector[..., begin:end].reshape(shape) for begin, end in self._where.spans]
        present = copies[0][..., :1]
        copies[0] = copies[0] * present
        return np.concatenate(copies, -1) if len(copies) > 1 else copies[0], present

    def __call__(self, rows: Array, present: Array, own: Array) -> Array:
        *lead, n, length, width = rows.shape
        encoded = apply_layers(self._encoder, rows.reshape(*lead, n * length, width))
        size = encoded.shape[-1]
        encoded = encoded.reshape(*lead, n, length, size)
        if self._query is None:
            mean = encoded.sum(-2) / np.maximum(present.sum(-2), _ONE)
            return np.concatenate([mean, np.maximum(encoded.max(-2), np.float32(0.0))], -1)
        query = self._query(own).reshape(*lead, n, HEADS, size)
        scores = query @ encoded.swapaxes(-1, -2) + (present.swapaxes(-1, -2) - _ONE) * np.float32(UNUSED)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        seen: Array = weights @ encoded
        return seen.reshape(*lead, n, HEADS * size)
