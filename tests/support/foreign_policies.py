"""Policies of other libraries as ONNX files, exported as those libraries' users do it; never trained."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import stable_baselines3 as sb3
import torch
from torch import Tensor, nn


class Camera(gym.Env[Any, Any]):
    """A game that shows images of 36 x 36 and has three actions."""

    observation_space = gym.spaces.Box(0, 255, (3, 36, 36), np.uint8)
    action_space = gym.spaces.Discrete(3)


class _Policy(nn.Module):
    """A policy's deterministic action and whatever else it returns, as Stable-Baselines3's guide exports it."""

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy

    def forward(self, observation: Tensor) -> Any:
        return self.policy(observation, deterministic=True)


class _Module(nn.Module):
    """What a module computes from an observation alone."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, observation: Tensor) -> Any:
        return self.module(observation)


def _learner(algorithm: str, environment: Any) -> Any:
    torch.manual_seed(0)
    policy = "CnnPolicy" if isinstance(environment, gym.Env) else "MlpPolicy"
    buffer = {} if algorithm in ("PPO", "A2C") else {"buffer_size": 10}
    return getattr(sb3, algorithm)(policy, environment, device="cpu", **buffer)


STABLE_BASELINES: Mapping[str, Callable[[], nn.Module]] = {
    "PPO, continuous": lambda: _Policy(_learner("PPO", "Pendulum-v1").policy),
    "PPO, discrete": lambda: _Policy(_learner("PPO", "CartPole-v1").policy),
    "PPO, images": lambda: _Policy(_learner("PPO", Camera()).policy),
    "A2C, continuous": lambda: _Policy(_learner("A2C", "Pendulum-v1").policy),
    "A2C, discrete": lambda: _Policy(_learner("A2C", "CartPole-v1").policy),
    "SAC": lambda: _Policy(_learner("SAC", "Pendulum-v1").policy.actor),
    "TD3": lambda: _Module(_learner("TD3", "Pendulum-v1").policy.actor),
    "DDPG": lambda: _Module(_learner("DDPG", "Pendulum-v1").policy.actor),
    "DQN": lambda: _Module(_learner("DQN", "CartPole-v1").policy),
}
OBSERVATIONS = {"Pendulum-v1": (3,), "CartPole-v1": (4,), "images": (3, 36, 36)}


def observations(name: str, rows: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Observations for a policy of `STABLE_BASELINES`, shape [rows, ...]."""
    rng = np.random.default_rng(1)
    if "images" in name:
        return rng.integers(0, 256, (rows, 3, 36, 36)).astype(np.float32)
    size = 4 if "discrete" in name or name == "DQN" else 3
    return rng.normal(size=(rows, size)).astype(np.float32)


def export(name: str, module: nn.Module, file: Path) -> Path:
    """Export by TorchScript, as the guides of Stable-Baselines3 and of Godot RL Agents do."""
    example = torch.as_tensor(observations(name, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            module.eval(),
            (example,),
            str(file),
            opset_version=17,
            input_names=["input"],
            dynamic_axes={"input": {0: "batch"}},
            dynamo=False,
        )
    return file
