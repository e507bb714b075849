"""The demonstrations of one policy as batches: single decisions, or for a recurrent policy sequences of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.evaluation.postprocessing import Postprocessing
from torch import Tensor

from spacetime_rl.demonstrations.arrays import Demonstrations
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.policy import PolicyModule

_MOST_WEIGHT = 20.0  # of a decision that earned much more than expected (Peng et al. 2019, section 5)
_LEAST_SPREAD = 1e-4  # of advantages; smaller ones count as equal
_AT_ONCE = 8192  # decisions in a forward pass without gradients
WEIGHTS = "imitation_weights"  # column: how much a decision counts


class Tutor:
    """Draws what a policy learns from. Whole episodes are held out for validation.

    An item is a decision, or for a recurrent policy a sequence of `max_seq_len` decisions. LOSS_MASK marks those of a
    sequence that are decisions: the others repeat the last one. The recurrent states of sequences are computed by
    `refresh`, with the policy's present weights.
    """

    def __init__(self, shown: Demonstrations, module: ActingModule, gamma: float, validation_share: float, seed: int):
        self._module = module
        self._device = next(module.parameters()).device
        self._rng = np.random.default_rng([seed, len(shown.lengths)])
        self._shown = shown
        ends = np.cumsum(shown.lengths)
        self._episode = np.repeat(np.arange(len(ends)), shown.lengths)
        self._step = np.arange(ends[-1]) - (ends - shown.lengths)[self._episode]
        self._seen = np.arange(ends[-1]) + self._episode  # rows of observations, one more an episode
        self._vectors = torch.from_numpy(shown.vectors)
        self._images = [torch.from_numpy(shown.images[image.name]).flatten(1) for image in module.layout.images]
        self._actions = torch.from_numpy(shown.actions)
        self._earned, self._left = _returns(shown, gamma)
        self._targets: Tensor | None = None
        self._weights: Tensor | None = None
        self._states: dict[str, Tensor] = {}
        length = module.model_config.get("max_seq_len") if module.lstm is not None else None
        self._rows, self._mask = _items(shown.lengths, length)
        self.train, self.validation = self._split(validation_share)

    @property
    def decisions(self) -> int:
        """All decisions that were demonstrated."""
        return len(self._actions)

    @property
    def has_returns(self) -> bool:
        """Whether batches have VALUE_TARGETS: what the demonstrator earned after each decision, discounted.

        A value function that sees other agents learns nothing from demonstrations, which show one agent.
        """
        module = self._module
        return isinstance(module, PolicyModule) and module.lstm is None and module.critic is None

    def size_of(self, items: NDArray[np.int64]) -> int:
        """The number of decisions in items."""
        return len(items) if self._mask is None else int(self._mask[items].sum())

    def observations(self) -> Iterator[Tensor]:
        """All observations [n, obs_dim], in parts."""
        for begin in range(0, len(self._vectors), _AT_ONCE):
            yield self._observed(np.arange(begin, min(begin + _AT_ONCE, len(self._vectors))))

    def minibatches(self, items: NDArray[np.int64], decisions: int, *, shuffled: bool = True) -> Iterator[Any]:
        """All of the items once, in minibatches of about this number of decisions."""
        order = self._rng.permutation(items) if shuffled else items
        size = max(1, decisions // self._rows.shape[1])
        for begin in range(0, len(order), size):
            yield self.batch(order[begin : begin + size])

    def draw(self, decisions: int) -> Mapping[str, Any]:
        """A batch of about this number of decisions, drawn from those that are learned from."""
        size = max(1, decisions // self._rows.shape[1])
        return self.batch(self.train[self._rng.integers(len(self.train), size=size)])

    def batch(self, items: NDArray[np.int64]) -> Mapping[str, Any]:
        """The columns of items on the policy's device: [items, ...], [items, max_seq_len, ...] of a recurrent one."""
        rows = self._rows[items]
        if self._mask is None:
            rows = rows[:, 0]
        columns: dict[str, Any] = {
            Columns.OBS: self._observed(self._seen[rows]),
            Columns.ACTIONS: self._actions[rows].to(self._device),
        }
        if self._mask is not None:
            columns[Columns.LOSS_MASK] = torch.from_numpy(self._mask[items]).to(self._device)
            columns[Columns.STATE_IN] = {key: value[items] for key, value in self._states.items()}
        if self._targets is not None:
            columns[Postprocessing.VALUE_TARGETS] = self._targets[rows]
        if self._weights is not None:
            columns[WEIGHTS] = self._weights[rows]
        return columns

    @torch.no_grad()
    def refresh(self, beta: float = 0.0) -> None:
        """Compute what depends on the policy's weights: recurrent states, value targets, and weights by advantages."""
        if self._module.lstm is not None:
            self._states = self._recurrent_states()
        if not self.has_returns:
            return
        ends = np.cumsum(self._shown.lengths + 1) - 1
        after = self._values(ends) * torch.from_numpy(~self._shown.terminated).to(self._device)
        left = torch.from_numpy(self._left).to(self._device)
        self._targets = torch.from_numpy(self._earned).to(self._device) + left * after[self._episode]
        if beta:
            advantages = self._targets - self._values(self._seen)
            spread = advantages.std().clamp(min=_LEAST_SPREAD)
            self._weights = torch.exp(beta * advantages / spread).clamp(max=_MOST_WEIGHT)

    def _observed(self, rows: NDArray[np.int64]) -> Tensor:
        vector = self._vectors[rows].to(self._device)
        if not self._images:
            return vector
        return torch.cat([vector, *(pixels[rows].to(self._device) / 255.0 for pixels in self._images)], -1)

    def _values(self, rows: NDArray[np.int64]) -> Tensor:
        assert isinstance(self._module, PolicyModule)
        parts = (rows[begin : begin + _AT_ONCE] for begin in range(0, len(rows), _AT_ONCE))
        return torch.cat([self._module.compute_values({Columns.OBS: self._observed(part)}) for part in parts])

    def _recurrent_states(self) -> dict[str, Tensor]:
        """The state before every sequence: the policy sees all episodes, sequence after sequence."""
        initial = self._module.get_initial_state()
        states = {key: value.to(self._device).repeat(len(self._rows), 1) for key, value in initial.items()}
        self._states = states
        nth = self._step[self._rows[:, 0]] // self._rows.shape[1]
        for number in range(int(nth.max())):
            items = np.flatnonzero(nth == number)
            follows = np.isin(items + 1, np.flatnonzero(nth == number + 1))
            after = self._module.act_on(self.batch(items[follows])).state
            for key, value in after.items():
                states[key][items[follows] + 1] = value
        return states

    def _split(self, share: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Items to learn from, and those of the episodes that are held out: at least one episode on each side."""
        episodes = len(self._shown.lengths)
        count = min(episodes - 1, max(1, round(share * episodes))) if share else 0
        held = np.zeros(episodes, np.bool_)
        held[self._rng.permutation(episodes)[:count]] = True
        is_held = held[self._episode[self._rows[:, 0]]]
        return np.flatnonzero(~is_held), np.flatnonzero(is_held)


def _returns(shown: Demonstrations, gamma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For every decision the discounted rewards until its episode's end, and the discount of what comes after."""
    earned, left = shown.rewards.astype(np.float64), np.full(len(shown.rewards), gamma)
    ends = np.cumsum(shown.lengths)
    is_last = np.zeros(len(earned), np.bool_)
    is_last[ends - 1] = True
    for row in range(len(earned) - 2, -1, -1):
        if not is_last[row]:
            earned[row] += gamma * earned[row + 1]
            left[row] *= left[row + 1]
    return earned.astype(np.float32), left.astype(np.float32)


def _items(lengths: NDArray[np.int64], length: int | None) -> tuple[NDArray[np.int64], NDArray[np.bool_] | None]:
    """The decisions of every item, int64 [items, 1 or length]; of sequences also which of them are not padding."""
    if length is None:
        return np.arange(int(lengths.sum()))[:, None], None
    per_episode = -(-lengths // length)
    episode = np.repeat(np.arange(len(lengths)), per_episode)
    nth = np.arange(len(episode)) - (np.cumsum(per_episode) - per_episode)[episode]
    ends = np.cumsum(lengths)
    rows = ((ends - lengths)[episode] + nth * length)[:, None] + np.arange(length)
    last = ends[episode, None] - 1
    return np.minimum(rows, last), rows <= last
