"""Actors: what an agent does follows from its own episode, not from who is asked with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from ray.rllib.core.columns import Columns
from support.made_policies import CAMERA, GRAB, JUMP, LSTM, MOVE, make_layout, make_policy

from spacetime_rl.evaluation.policies import AgentGenerators, OnnxActor, RandomActor
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin, read_schema
from spacetime_rl.modules.policy import PolicyModule

ORIGIN = Origin("touch", 90, 6, {})


def make_actor(module: PolicyModule, folder: Path, agents: int) -> OnnxActor:
    exported = export_module(module, "walker", folder, ORIGIN)
    return OnnxActor(exported.onnx, read_schema(exported.schema), agents)


def test_random_actions_follow_from_seed_episode_and_agent_alone() -> None:
    layout = make_layout(MOVE, GRAB, JUMP)

    def play(places: list[int]) -> np.ndarray:
        actor = RandomActor(layout, AgentGenerators(7, np.array(places)))
        actor.begin(np.arange(len(places)), np.full(len(places), 11))
        return np.stack([actor.act(np.zeros((len(places), 7), np.float32)) for _ in range(5)])

    np.testing.assert_array_equal(play([0, 1, 2])[:, 2], play([2])[:, 0])
    assert not np.array_equal(play([0])[:, 0], play([1])[:, 0])


def test_random_actions_cover_their_ranges() -> None:
    actor = RandomActor(make_layout(MOVE, GRAB, JUMP), AgentGenerators(7, np.arange(500)))
    actor.begin(np.arange(500), np.zeros(500, np.int64))

    actions = np.concatenate([actor.act(np.zeros((500, 7), np.float32)) for _ in range(10)])

    assert np.abs(actions[:, :2]).max() <= 1.0
    np.testing.assert_allclose(actions[:, :2].std(0), 3**-0.5, rtol=0.05)
    for column, size in ((2, 3), (3, 2)):
        values, counts = np.unique(actions[:, column], return_counts=True)
        assert values.tolist() == list(range(size))
        np.testing.assert_allclose(counts / len(actions), 1 / size, atol=0.03)


def test_an_exported_policy_acts_as_its_network_does(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE, GRAB, images=[CAMERA]))
    pixels = np.random.default_rng(0).integers(0, 256, (5, 22 * 24 * 3)) / 255.0
    obs = np.concatenate([np.random.default_rng(1).normal(size=(5, 7)), pixels], -1).astype(np.float32)

    actions = make_actor(module, tmp_path, 5).act(obs)

    inputs = module.forward_inference({Columns.OBS: torch.from_numpy(obs)})[Columns.ACTION_DIST_INPUTS]
    expected = module.get_inference_action_dist_cls().from_logits(inputs).mode()
    np.testing.assert_allclose(actions, expected, atol=1e-5)


def test_memory_is_carried_for_each_agent_and_lost_where_its_episode_begins(tmp_path: Path) -> None:
    actor = make_actor(make_policy(make_layout(MOVE), lstm=LSTM), tmp_path, 2)
    obs = np.random.default_rng(0).normal(size=(2, 7)).astype(np.float32)
    everyone = np.arange(2)
    actor.begin(everyone, np.array([0, 1]))
    first = actor.act(obs)

    second = actor.act(obs)
    actor.begin(np.array([1]), np.array([2]))
    third = actor.act(obs)

    assert not np.allclose(first, second)
    assert not np.allclose(third[0], first[0])
    np.testing.assert_allclose(third[1], first[1], atol=1e-6)


def test_sampled_actions_follow_from_seed_episode_and_agent_alone(tmp_path: Path) -> None:
    exported = export_module(make_policy(make_layout(MOVE, GRAB)), "walker", tmp_path, ORIGIN)
    obs = np.tile(np.linspace(-1.0, 1.0, 7, dtype=np.float32), (3, 1))

    def play(agents: int) -> np.ndarray:
        actor = OnnxActor(exported.onnx, read_schema(exported.schema), agents, AgentGenerators(3, np.arange(agents)))
        actor.begin(np.arange(agents), np.full(agents, 4))
        return np.stack([actor.act(obs[:agents])[0] for _ in range(50)])

    np.testing.assert_allclose(play(3), play(1), atol=1e-5)
    assert play(1).std(0).min() > 0.0


def test_a_squashed_policy_acts_as_its_module_does(tmp_path: Path) -> None:
    module = make_policy(make_layout(MOVE), "SAC")
    obs = np.random.default_rng(1).normal(size=(500, 7)).astype(np.float32)
    actor = make_actor(module, tmp_path, 500)

    inputs = module.forward_inference({Columns.OBS: torch.from_numpy(obs)})[Columns.ACTION_DIST_INPUTS].numpy()
    np.testing.assert_allclose(actor.act(obs), module.exploit(inputs), atol=1e-5)

    actor = OnnxActor(
        tmp_path / "walker.onnx", read_schema(tmp_path / "walker.schema.json"), 500, AgentGenerators(7, np.arange(500))
    )
    actor.begin(np.arange(500), np.zeros(500, np.int64))
    drawn = actor.act(obs)
    assert (np.abs(drawn) < 1.0).mean() > 0.5
    assert np.abs(drawn).max() <= 1.0
    assert np.abs(drawn - module.exploit(inputs)).max() > 0.1
