"""Policies that are asked on every n-th decision only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from support.made_policies import GRAB, LSTM, MOVE, make_layout, make_policy

from spacetime_rl.evaluation.policies import OnnxActor
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin, read_schema
from spacetime_rl.export.versions import Versions

ORIGIN = Origin("touch", 90, 6, {})
NONE = np.zeros(2, np.int64)


def test_an_action_is_held_and_each_agent_counts_its_own_episode(tmp_path: Path) -> None:
    exported = export_module(make_policy(make_layout(MOVE, GRAB)), "walker", tmp_path, ORIGIN, Versions(13))
    schema = read_schema(exported.schema)
    every, third = (OnnxActor(exported.onnx, schema, 2, every=n) for n in (1, 3))
    seen = np.random.default_rng(0).normal(size=(6, 2, schema.layout.obs_dim)).astype(np.float32)
    right = np.stack([every.act(row) for row in seen])

    third.begin(np.arange(2), NONE)
    found = [third.act(row) for row in seen[:4]]
    third.begin(np.array([1]), NONE[:1])  # the second agent's episode ends after four decisions
    found += [third.act(row) for row in seen[4:]]

    asked = [[0, 0], [0, 0], [0, 0], [3, 3], [3, 4], [3, 4]]  # the decision that each agent's action is from
    np.testing.assert_array_equal(found, [[right[a, 0], right[b, 1]] for a, b in asked])


def test_a_recurrent_state_moves_only_when_the_policy_is_asked(tmp_path: Path) -> None:
    exported = export_module(make_policy(make_layout(MOVE), lstm=LSTM), "walker", tmp_path, ORIGIN, Versions(13))
    schema = read_schema(exported.schema)
    every, second = (OnnxActor(exported.onnx, schema, 1, every=n) for n in (1, 2))
    seen = np.random.default_rng(0).normal(size=(5, 1, schema.layout.obs_dim)).astype(np.float32)

    right = [every.act(row) for row in seen[::2]]
    found = [second.act(row) for row in seen]

    np.testing.assert_allclose(found[::2], right, atol=1e-6)
