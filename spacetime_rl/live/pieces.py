"""Pieces of episodes as RLlib's learners take them."""

from __future__ import annotations

import uuid

import numpy as np
from ray.rllib.core.columns import Columns
from ray.rllib.env.single_agent_episode import SingleAgentEpisode
from ray.rllib.env.utils.infinite_lookback_buffer import InfiniteLookbackBuffer

from spacetime_rl.live.experience import Piece
from spacetime_rl.rollout.fragments import TERMINATED, TRUNCATED


def make_episode(piece: Piece) -> SingleAgentEpisode:
    """The piece as an episode of its own; one that continues an episode says so by `t_started`."""
    steps = piece.steps
    observations = np.stack([*(step.observation for step in steps), steps[-1].next_observation])
    piece_id = uuid.uuid4().hex  # unique per piece, as in `rollout.fragments`
    outputs: dict[str, object] = {
        Columns.ACTION_LOGP: InfiniteLookbackBuffer(np.array([step.logp for step in steps], np.float32)),
        Columns.ACTION_DIST_INPUTS: InfiniteLookbackBuffer(np.stack([step.inputs for step in steps])),
    }
    if piece.before:
        states = {key: np.stack([step.state[key] for step in steps]) for key in piece.before}
        if piece.age:  # the state before the first step, where RLlib's learner pipeline expects it
            states = {key: np.concatenate([piece.before[key][None], value]) for key, value in states.items()}
        outputs[Columns.STATE_OUT] = InfiniteLookbackBuffer(states, lookback=1 if piece.age else 0)
    return SingleAgentEpisode(
        id_=piece_id,
        multi_agent_episode_id=piece_id,
        agent_id=piece.agent,
        module_id=piece.policy,
        observations=InfiniteLookbackBuffer(observations),
        actions=InfiniteLookbackBuffer(np.stack([step.action for step in steps])),
        rewards=InfiniteLookbackBuffer(np.array([step.reward for step in steps], np.float32)),
        infos=InfiniteLookbackBuffer([{}] * len(observations)),
        terminated=steps[-1].ending == TERMINATED,
        truncated=steps[-1].ending == TRUNCATED,
        extra_model_outputs=outputs,
        t_started=piece.age,
        len_lookback_buffer=0,
    )
