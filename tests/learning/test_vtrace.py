"""Rows of steps for V-trace: each step in one row, and RLlib's V-trace of them is what the paper says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from ray.rllib.algorithms.impala.torch.vtrace_torch_v2 import vtrace_torch
from ray.rllib.core.columns import Columns
from support.played import CELL, make_episodes

from spacetime_rl.config.policy import LstmConfig, ModelConfig
from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.learning.batches.vtrace import ROW_STEPS, make_sequence_batch
from spacetime_rl.modules.policy import PolicyModule
from spacetime_rl.modules.spec import make_module_spec

LENGTHS = (5, 1, 40, 3, 70, 8)
GAMMA = 0.9


def make_module(lstm: bool) -> PolicyModule:
    torch.manual_seed(0)
    layout = PolicyLayout((ObservationField("now", 1),), (), (ActionField("move", "continuous", 1),))
    memory = LstmConfig(cell_size=CELL, max_seq_len=4) if lstm else None
    module = make_module_spec(layout, ModelConfig(hiddens=(8,), lstm=memory)).build()
    assert isinstance(module, PolicyModule)
    return module


@pytest.mark.parametrize(("lstm", "steps"), [(False, ROW_STEPS), (True, 4)])
def test_every_step_is_in_one_row_with_the_observation_behind_the_last(lstm: bool, steps: int) -> None:
    episodes = make_episodes(LENGTHS, lstm=lstm)

    batch: Any = make_sequence_batch(make_module(lstm), episodes)

    mask, obs = batch[Columns.LOSS_MASK], batch[Columns.OBS][..., 0]
    assert mask.shape[1] == steps + 1
    assert not mask[:, -1].any()
    assert mask.any(1).all()
    expected = np.concatenate([episode.observations.data[:-1, 0] for episode in episodes])
    assert sorted(obs[mask].tolist()) == sorted(expected.tolist())
    torch.testing.assert_close(obs[mask], batch[Columns.REWARDS][mask])
    rows, columns = torch.nonzero(mask, as_tuple=True)
    torch.testing.assert_close(obs[rows, columns + 1], obs[mask] + 1)


def test_a_recurrent_row_begins_with_the_memory_of_the_step_before() -> None:
    batch: Any = make_sequence_batch(make_module(lstm=True), make_episodes(LENGTHS, lstm=True))

    state = batch[Columns.STATE_IN]["h"][:, 0]
    first = batch[Columns.OBS][:, 0, 0]
    begins = first % 100 == 0
    torch.testing.assert_close(state[~begins], first[~begins] - 1)
    fresh = (first[begins] // 100 - 1) % 3 != 2
    torch.testing.assert_close(state[begins], torch.where(fresh, 0.0, -1.0))


@pytest.mark.parametrize("lstm", [False, True])
def test_where_both_policies_agree_the_value_targets_are_discounted_returns_to_the_rows_end(lstm: bool) -> None:
    batch: Any = make_sequence_batch(make_module(lstm), make_episodes(LENGTHS, lstm=lstm))
    mask, rewards = batch[Columns.LOSS_MASK], batch[Columns.REWARDS]
    values = torch.randn(mask.shape)
    behaviour = batch[Columns.ACTION_LOGP]
    discounts = GAMMA * mask * ~batch[Columns.TERMINATEDS]

    targets, advantages = vtrace_torch(
        target_action_log_probs=torch.where(mask, behaviour, 0.0).T,
        behaviour_action_log_probs=behaviour.T,
        discounts=discounts.T,
        rewards=rewards.T,
        values=values.T,
        bootstrap_values=torch.randn(len(mask)),
    )

    expected = values.clone()  # what is no step is worth what the value function says
    for t in reversed(range(mask.shape[1] - 1)):
        ahead = rewards[:, t] + discounts[:, t] * expected[:, t + 1]
        expected[:, t] = torch.where(mask[:, t], ahead, expected[:, t])
    torch.testing.assert_close(targets.T[mask], expected[mask], rtol=1e-4, atol=1e-2)
    torch.testing.assert_close(advantages.T[mask], (expected - values)[mask], rtol=1e-4, atol=1e-2)
