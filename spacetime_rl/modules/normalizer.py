"""Running normalisation of observations; its statistics are buffers, so checkpoints and exports contain them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Standard deviations under 0.01 count as noise: a field that never changed must not explode when it first does.
VARIANCE_FLOOR = 1e-4


class RunningNormalizer(nn.Module):
    """Maps float32 [..., size] to (x - mean) / std clipped to [-clip, clip]; the identity until its first update.

    `forward` never changes the statistics. They stay constant during a PPO update, so that the ratio of new to old
    probabilities compares the same inputs; `update` merges a train batch afterwards.
    """

    mean: Tensor
    var: Tensor
    count: Tensor

    def __init__(self, size: int, clip: float) -> None:
        super().__init__()
        self.clip = clip
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("var", torch.ones(size))
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise float32 [..., size]."""
        return ((x - self.mean) * torch.rsqrt(self.var + VARIANCE_FLOOR)).clamp(-self.clip, self.clip)

    @torch.no_grad()
    def update(self, x: Tensor) -> None:
        """Merge the rows of float [..., size] into the statistics (Chan, Golub and LeVeque 1979, pairwise update)."""
        rows = x.reshape(-1, self.mean.shape[0]).double()
        if not len(rows):
            return
        total = self.count + len(rows)
        delta = rows.mean(0) - self.mean
        squares = (
            rows.var(0, correction=0) * len(rows) + self.var * self.count + delta**2 * self.count * len(rows) / total
        )
        self.mean.copy_(self.mean + delta * len(rows) / total)
        self.var.copy_(squares / total)
        self.count.copy_(total)
