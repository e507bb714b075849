"""The stock Python client of Godot RL Agents, and its Stable-Baselines3 wrapper, drive our scenes."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from support.ports import free_port

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, find_scenario, import_project

MakeGame: TypeAlias = Callable[[str], Path]
TOUCH = "res://tests/fixtures/touch/touch.tscn"


@pytest.fixture
def make_game(godot_bin: Path, tmp_path: Path) -> MakeGame:
    """Write what looks like an exported game to the stock client: a program that runs one of our scenes."""

    def make(scene: str) -> Path:
        program = [str(godot_bin), "--path", str(import_project(OWN_PROJECT, find_godot())), scene]
        path = tmp_path / "game.x86_64"
        path.write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n')
        path.chmod(0o755)
        return path

    return make


@contextmanager
def _stock_env(path: Path, **settings: Any) -> Iterator[Any]:
    from godot_rl.core.godot_env import GodotEnv

    env = GodotEnv(env_path=str(path), port=free_port(), framerate=90, **settings)
    try:
        yield env
    finally:
        env.close()
        assert env.proc.wait(10) == 0


def test_the_core_client_steps_a_scene_with_images_and_mixed_actions(make_game: MakeGame) -> None:
    params = json.dumps({"images": "jumpers", "max_ticks": 60}, separators=(",", ":"))
    with _stock_env(make_game(TOUCH), action_repeat=6, params=params) as env:
        assert env.num_envs == 3
        assert env.agent_policy_names == ["walker", "walker", "jumper"]
        observations, _ = env.reset()
        assert observations[2].keys() != observations[0].keys()  # the jumper has an image
        endings = 0
        for _ in range(25):
            actions = [list(space.sample().values()) for space in env.action_spaces]
            observations, rewards, done, _, info = env.step(actions, order_ij=True)
            assert len(observations) == len(rewards) == len(done) == 3
            for ended, agent_info in zip(done, info, strict=True):
                if ended and "metrics" in agent_info:
                    assert isinstance(agent_info["TimeLimit.truncated"], bool)
                    endings += 1
        assert endings >= 6
        assert env.call("greet")[0] == "hello from walker_0"


@pytest.mark.parametrize("scene", ["touch", "vr_interaction"])
def test_stable_baselines3_trains_on_our_scenes(make_game: MakeGame, scene: str) -> None:
    from godot_rl.wrappers.stable_baselines_wrapper import StableBaselinesGodotEnv
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env.vec_monitor import VecMonitor

    path = make_game(TOUCH if scene == "touch" else find_scenario(scene).scene)
    params = {"jumpers": 0} if scene == "touch" else {"objective": "gather", "players": 2}
    env = StableBaselinesGodotEnv(
        env_path=str(path), port=free_port(), framerate=90, params=json.dumps(params, separators=(",", ":"))
    )
    try:
        model = PPO("MultiInputPolicy", VecMonitor(env), n_steps=64, batch_size=64, device="cpu")
        untrained = _weights(model)
        model.learn(512)
        assert model.num_timesteps >= 512
        assert not np.array_equal(_weights(model), untrained)
        assert np.isfinite(_weights(model)).all()
    finally:
        env.close()
        for game in env.envs:
            assert game.proc.wait(10) == 0


def _weights(model: Any) -> np.ndarray:
    return np.concatenate([weights.detach().numpy().ravel() for weights in model.policy.parameters()])
