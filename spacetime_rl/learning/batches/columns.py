"""Columns of concatenated episodes, as learners expect them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from torch import Tensor

from spacetime_rl.modules.acting import ActingModule

Batch = Mapping[str, Tensor | Mapping[str, Tensor]]


def recurrent_states(module: ActingModule, episodes: Sequence[SingleAgentEpisode]) -> dict[str, NDArray[np.float32]]:
    """The recurrent state before every observation of the episodes, by name; empty for a stateless policy."""
    initial = {key: value.cpu().numpy()[None] for key, value in module.get_initial_state().items()}
    if not initial:
        return {}
    outs = [episode.extra_model_outputs[Columns.STATE_OUT] for episode in episodes]
    # A piece that continues an earlier piece holds the earlier piece's last state in its lookback buffer.
    return {
        key: np.concatenate([part for out in outs for part in ([] if out.lookback else [begin]) + [out.data[key]]])
        for key, begin in initial.items()
    }


def joined_outputs(episodes: Sequence[SingleAgentEpisode], key: str) -> NDArray[np.float32]:
    """One of the module's extra outputs, one row per step."""
    return np.concatenate([episode.extra_model_outputs[key].data for episode in episodes])


def to_tensors(columns: Mapping[str, NDArray[Any]], module: ActingModule) -> dict[str, Tensor]:
    """The columns on the module's device."""
    return {key: torch.from_numpy(np.ascontiguousarray(value)).to(_device(module)) for key, value in columns.items()}


def take(batch: Batch, rows: Tensor | slice) -> dict[str, Any]:
    """Some rows of every column of a batch."""
    return {key: take(value, rows) if isinstance(value, Mapping) else value[rows] for key, value in batch.items()}


def _device(module: ActingModule) -> torch.device:
    device: torch.device = next(module.parameters()).device
    return device
