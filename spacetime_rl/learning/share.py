"""What a learner does of a batch where a run has several: all learners see the whole batch, each computes its rows.

Every learner holds the same weights, optimizer and statistics, and draws the same random numbers. A loss is a mean over
the rows of a minibatch: each learner computes the part of its own rows, and the gradients are added up before they are
clipped. What a single learner would do with the same batch therefore comes out, apart from the order of additions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from ray.rllib.core.columns import Columns
from torch import Tensor, distributed, nn

from spacetime_rl.learning.batches.columns import take

Compute = Callable[[Any], Tensor]


@dataclass(frozen=True, slots=True)
class Share:
    """The learner `index` of `count`; torch's process group connects them if there are several."""

    index: int = 0
    count: int = 1

    @property
    def is_alone(self) -> bool:
        """Whether this learner computes everything."""
        return self.count == 1

    @property
    def is_first(self) -> bool:
        """Whether this is the learner whose metrics are reported."""
        return self.index == 0

    def of(self, rows: int) -> slice:
        """This learner's part of `rows` rows; the parts differ by at most one row, and may be empty."""
        size, larger = divmod(rows, self.count)
        begin = self.index * size + min(self.index, larger)
        return slice(begin, begin + size + (self.index < larger))

    def mean(self, batch: Mapping[str, Any], loss: Compute) -> Tensor:
        """This learner's part of a batch's mean loss: over all learners, the parts add up to it."""
        if self.is_alone:
            return loss(batch)
        own = take(batch, self.of(rows_of(batch)))
        weight = _size(own) / max(1, _size(batch))
        return loss(own) * weight if weight else torch.zeros((), device=_first(batch).device, requires_grad=True)

    def add_up(self, parameters: Iterable[nn.Parameter], loss: Tensor) -> Tensor:
        """Replace every learner's gradients by their sum over all learners; returns the sum of the losses."""
        if self.is_alone:
            return loss
        weights = list(parameters)
        parts = [torch.zeros_like(one) if one.grad is None else one.grad for one in weights]
        has = loss.new_tensor([float(one.grad is not None) for one in weights])
        flat = torch.cat([*(part.flatten() for part in parts), has, loss.detach().reshape(1)])
        distributed.all_reduce(flat)
        *sums, has, total = torch.split(flat, [*(one.numel() for one in weights), len(weights), 1])
        for one, grad, learners in zip(weights, sums, has.tolist(), strict=True):
            one.grad = grad.view_as(one) if learners else None  # no learner had one: the optimizer passes it over
        return total.squeeze()

    @torch.no_grad()
    def total(self, part: Tensor) -> Tensor:
        """The sum of what the learners have of a number."""
        whole = part.detach().clone()
        if not self.is_alone:
            distributed.all_reduce(whole)
        return whole

    @torch.no_grad()
    def rows(self, batch: Mapping[str, Any], compute: Compute) -> Tensor:
        """What `compute` gives for every row of a batch, [rows, ...]: each learner computes its own rows."""
        if self.is_alone:
            return compute(batch)
        rows = rows_of(batch)
        part = self.of(rows)
        # At least one row each, because the others have to know the shape.
        own = compute(take(batch, part if part.start < part.stop else slice(0, 1)))
        whole = own.new_zeros((rows, *own.shape[1:]))
        if part.start < part.stop:
            whole[part] = own
        distributed.all_reduce(whole)
        return whole

    def draw_alike(self) -> None:
        """Let all learners draw the same random numbers from here on."""
        if self.is_alone:
            return
        seed = torch.randint(2**62, ())
        self._spread(seed)
        torch.manual_seed(int(seed))

    @torch.no_grad()
    def agree(self, module: nn.Module) -> None:
        """Give every learner the first one's weights and statistics."""
        if not self.is_alone:
            for tensor in (*module.parameters(), *module.buffers()):
                self._spread(tensor.data)

    def _spread(self, tensor: Tensor) -> None:
        """Copy the first learner's numbers into every learner's tensor."""
        if distributed.get_backend() == "nccl" and not tensor.is_cuda:
            sent = tensor.cuda()
            distributed.broadcast(sent, 0)
            tensor.copy_(sent)
        else:
            distributed.broadcast(tensor, 0)


ALONE = Share()


def share_of(learners: int) -> Share:
    """The share of this process's learner in a run with `learners` of them; 0 and 1 compute in the training process."""
    return Share(distributed.get_rank(), distributed.get_world_size()) if learners > 1 else ALONE


def rows_of(batch: Mapping[str, Any]) -> int:
    """Rows of a batch: steps, or the sequences of a recurrent policy."""
    return len(_first(batch))


def _size(batch: Mapping[str, Any]) -> int:
    """Over how many steps a batch's mean loss goes: those that LOSS_MASK marks, or all rows."""
    mask = batch.get(Columns.LOSS_MASK)
    return len(_first(batch)) if mask is None else int(mask.sum())


def _first(batch: Mapping[str, Any]) -> Tensor:
    return next(value for value in batch.values() if isinstance(value, Tensor))
