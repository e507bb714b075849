"""Running normalisation of observations; its statistics are buffers, so checkpoints and exports contain them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.masks import masks_of
from spacetime_rl.game.spec import ObservationField, PolicyLayout

# Standard deviations under 0.01 count as noise: a field that never changed must not explode when it first does.
VARIANCE_FLOOR = 1e-4


class RunningNormalizer(nn.Module):
    """Maps float32 [..., size] to (x - mean) / std clipped to [-clip, clip]; the identity until its first update.

    `forward` never changes the statistics. They stay constant during a PPO update, so that the ratio of new to old
    probabilities compares the same inputs; `update` merges a train batch afterwards. Numbers in the positions `kept`
    are not normalised.
    """

    mean: Tensor
    var: Tensor
    count: Tensor

    def __init__(self, size: int, clip: float, kept: Sequence[int] = ()) -> None:
        super().__init__()
        self.clip = clip
        self.kept = list(kept)
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self._keep()

    def forward(self, x: Tensor) -> Tensor:
        """Normalise float32 [..., size]."""
        return ((x - self.mean) * torch.rsqrt(self.var + VARIANCE_FLOOR)).clamp(-self.clip, self.clip)

    @torch.no_grad()
    def update(self, x: Tensor) -> None:
        """Merge the rows of float [..., size] into the statistics (Chan, Golub and LeVeque 1979, pairwise update)."""
        rows = x.reshape(-1, self.mean.shape[0]).double()
        if len(rows):
            mean, var = merged(self.mean, self.var, self.count, rows)
            self.mean.copy_(mean)
            self.var.copy_(var)
            self.count += len(rows)
            self._keep()

    @torch.no_grad()
    def _keep(self) -> None:
        self.mean[self.kept] = 0.0
        self.var[self.kept] = 1.0 - VARIANCE_FLOOR  # their sum is exactly 1


class EntityNormalizer(RunningNormalizer):
    """Also normalises lists of entities: a number of an entity has the same statistics in every row of the list.

    Only used rows count. The first number of a row, which says whether it is used, stays as it is. `lists` are those of
    `PolicyLayout.entity_lists`. The numbers of an unused row, which are zeros, do not stay zeros.
    """

    used: Tensor

    def __init__(self, size: int, clip: float, lists: Mapping[int, ObservationField], kept: Sequence[int] = ()) -> None:
        super().__init__(size, clip, kept)
        alone = torch.ones(size, dtype=torch.bool)
        self._numbers = []  # for each list the indices of its entities' numbers [rows, columns - 1]
        for begin, field in lists.items():
            alone[begin : begin + field.size] = False
            cells = torch.arange(begin, begin + field.size).reshape(field.rows, -1)
            self._numbers.append(cells[:, 1:])
            self.var[cells[:, 0]] = 1.0 - VARIANCE_FLOOR  # their sum is exactly 1
        self._alone = torch.nonzero(alone).flatten()
        self.register_buffer("used", torch.zeros(len(lists), dtype=torch.float64))  # rows that have held an entity

    @torch.no_grad()
    def update(self, x: Tensor) -> None:
        """Merge the rows of float [..., size] into the statistics."""
        rows = x.reshape(-1, self.mean.shape[0]).double()
        if not len(rows):
            return
        if len(alone := self._alone):
            self._set(alone, *merged(self.mean[alone], self.var[alone], self.count, rows[:, alone]))
        self.count += len(rows)
        for index, numbers in enumerate(self._numbers):
            present = rows[:, numbers[:, 0] - 1] > 0
            entities = rows[:, numbers][present]
            if len(entities):
                first = numbers[0]
                self._set(numbers, *merged(self.mean[first], self.var[first], self.used[index], entities))
                self.used[index] += len(entities)
        self._keep()

    def _set(self, places: Tensor, mean: Tensor, var: Tensor) -> None:
        self.mean[places] = mean.to(self.mean.dtype)
        self.var[places] = var.to(self.var.dtype)


def merged(mean: Tensor, var: Tensor, count: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance [k] of `count` rows, and of float64 `rows` [n, k] with them; n is at least 1."""
    total = count + len(rows)
    delta = rows.mean(0) - mean
    squares = rows.var(0, correction=0) * len(rows) + var * count + delta**2 * count * len(rows) / total
    return mean + delta * len(rows) / total, squares / total


def make_normalizer(layout: PolicyLayout, model: ModelConfig) -> RunningNormalizer | None:
    """The normaliser of a policy's observation vector; None where the model has none. Images are in [0, 1] already."""
    if not model.normalize_observations or not layout.vector_dim:
        return None
    kept = [column for mask in masks_of(layout) for column in range(mask.columns.start, mask.columns.stop)]
    if model.entities == "flat" or not layout.entity_lists:
        return RunningNormalizer(layout.vector_dim, model.observation_clip, kept)
    return EntityNormalizer(layout.vector_dim, model.observation_clip, layout.entity_lists, kept)
