"""A batch for RLlib's V-trace losses (IMPALA, APPO) from the episodes of one policy: rows of consecutive steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.learning.batches.columns import Batch, joined_outputs, recurrent_states, to_tensors
from spacetime_rl.modules.policy import PolicyModule

# A column whose presence shows RLlib's losses that a batch has rows; they read nothing else of it.
SEQ_LENS = "seq_lens"
ROW_STEPS = 32  # length of a stateless policy's rows

# The log-probability of a column that is not a step: it makes the importance ratio 0. RLlib's loss would otherwise
# treat the value of the observation after a row's last step as that step's, where it should only bootstrap from it.
_NEVER = 1e4


def make_sequence_batch(module: PolicyModule, episodes: Sequence[SingleAgentEpisode]) -> Batch:
    """The columns that V-trace losses need, on the module's device: [rows, steps + 1, ...].

    The last column of a row, and every column outside LOSS_MASK, is not a step: it holds the observation after an
    episode's or a row's last step, which only the value function reads. A recurrent policy's rows are `max_seq_len`
    steps of one episode each, and STATE_IN is the state before the row. Rows of other policies continue from one
    episode to the next.
    """
    lengths = np.array([len(episode) for episode in episodes])
    ends = np.cumsum(lengths + 1)  # the ends of every episode's observations, one more than its steps
    acted = np.ones(ends[-1], np.bool_)
    acted[ends - 1] = False
    terminated = np.zeros(ends[-1], np.bool_)
    terminated[ends - 2] = [episode.is_terminated for episode in episodes]
    states = recurrent_states(module, episodes)
    if states:
        rows, inside = _rows(ends - lengths - 1, ends, module.model_config["max_seq_len"])
    else:
        rows, inside = _rows(np.zeros(1, np.int64), ends[-1:], ROW_STEPS)
    mask = acted[rows] & inside
    mask[:, -1] = False
    logps = _spread(joined_outputs(episodes, Columns.ACTION_LOGP), acted)[rows]
    columns = {
        Columns.OBS: np.concatenate([episode.observations.data for episode in episodes])[rows],
        Columns.ACTIONS: _spread(np.concatenate([episode.actions.data for episode in episodes]), acted)[rows],
        Columns.REWARDS: _spread(np.concatenate([episode.rewards.data for episode in episodes]), acted)[rows],
        Columns.ACTION_LOGP: np.where(mask, logps, np.float32(_NEVER)),
        Columns.ACTION_DIST_INPUTS: _spread(joined_outputs(episodes, Columns.ACTION_DIST_INPUTS), acted)[rows],
        Columns.TERMINATEDS: terminated[rows],
        Columns.LOSS_MASK: mask,
        SEQ_LENS: np.full(len(rows), rows.shape[1]),
    }
    batch: Batch = to_tensors(columns, module)
    if states:
        state_in = to_tensors({key: value[rows[:, 0]] for key, value in states.items()}, module)
        batch = {**batch, Columns.STATE_IN: state_in}
    return batch


def _rows(
    begins: NDArray[np.int64], ends: NDArray[np.int64], steps: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Indices of consecutive observations, int64 [rows, steps + 1], and which of them lie inside their stretch.

    A stretch reaches from `begins` to before `ends`. Rows overlap by one, because no action follows a row's last
    observation.
    """
    per_stretch = -(-(ends - begins - 1) // steps)
    stretch = np.repeat(np.arange(len(begins)), per_stretch)
    nth = np.arange(len(stretch)) - (np.cumsum(per_stretch) - per_stretch)[stretch]
    rows = (begins[stretch] + nth * steps)[:, None] + np.arange(steps + 1)
    last = ends[stretch, None] - 1
    return np.minimum(rows, last), rows <= last


def _spread(values: NDArray[np.float32], acted: NDArray[np.bool_]) -> NDArray[np.float32]:
    """A row per step as a row per observation, with zeros where no action was taken."""
    spread: NDArray[np.float32] = np.zeros((len(acted), *values.shape[1:]), np.float32)
    spread[acted] = values
    return spread
