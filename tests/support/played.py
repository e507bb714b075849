"""Episodes and pieces of them, as a runner hands them over, filled with numbers that tell where they belong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer

CELL = 2


def make_episode(
    number: int, length: int, *, terminated: bool = False, age: int = 0, lstm: bool = False
) -> SingleAgentEpisode:
    """Step t of episode n observes and is rewarded with 100 * n + t, and remembers that number afterwards."""
    numbers = (100 * number + np.arange(length + 1)).astype(np.float32)
    outputs: dict[str, InfiniteLookbackBuffer] = {
        Columns.ACTION_LOGP: InfiniteLookbackBuffer(-numbers[:-1] / 1000),
        Columns.ACTION_DIST_INPUTS: InfiniteLookbackBuffer(np.zeros((length, 2), np.float32)),
    }
    if lstm:
        begin = [np.full((1, CELL), -1.0, np.float32)] if age else []
        states = np.concatenate([*begin, np.repeat(numbers[:-1, None], CELL, 1)])
        buffer = InfiniteLookbackBuffer({"h": states, "c": states}, lookback=1 if age else 0)
        outputs[Columns.STATE_OUT] = buffer
    return SingleAgentEpisode(
        agent_id=f"agent_{number}",
        module_id="walker",
        observations=InfiniteLookbackBuffer(numbers[:, None]),
        actions=InfiniteLookbackBuffer(numbers[:-1, None]),
        rewards=InfiniteLookbackBuffer(numbers[:-1]),
        infos=InfiniteLookbackBuffer([{}] * (length + 1)),
        terminated=terminated,
        extra_model_outputs=outputs,
        t_started=age,
        len_lookback_buffer=0,
    )


def make_episodes(lengths: Sequence[int], *, lstm: bool = False) -> list[SingleAgentEpisode]:
    """Every second one terminated, every third one the piece of an episode that began before."""
    return [
        make_episode(i + 1, n, terminated=i % 2 == 0, age=7 if i % 3 == 2 else 0, lstm=lstm)
        for i, n in enumerate(lengths)
    ]
