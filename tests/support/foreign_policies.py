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
from ray.rllib.algorithms.dqn.torch.default_dqn_torch_rl_module import DefaultDQNTorchRLModule
from ray.rllib.algorithms.ppo.torch.default_ppo_torch_rl_module import DefaultPPOTorchRLModule
from ray.rllib.algorithms.sac.torch.default_sac_torch_rl_module import DefaultSACTorchRLModule
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig
from ray.rllib.core.rl_module.rl_module import RLModuleSpec
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


NUMBERS = gym.spaces.Box(-2.0, 6.0, (3,), np.float32)
CHOICES: Any = gym.spaces.Discrete(4)
OFF_POLICY = {"twin_q": True, "double_q": True, "dueling": True, "num_atoms": 1, "v_min": -10.0, "v_max": 10.0,
              "epsilon": [(0, 1.0), (100, 0.05)]}  # fmt: skip
# RLlib's standard modules by name: class, action space, settings beside the standard ones.
RLLIB: Mapping[str, tuple[type, gym.Space[Any], dict[str, Any]]] = {
    "PPO, continuous": (DefaultPPOTorchRLModule, NUMBERS, {}),
    "PPO, free deviation": (DefaultPPOTorchRLModule, NUMBERS, {"free_log_std": True}),
    "PPO, discrete": (DefaultPPOTorchRLModule, CHOICES, {}),
    "PPO, both": (DefaultPPOTorchRLModule, gym.spaces.Dict({"move": NUMBERS, "jump": CHOICES}), {}),
    "PPO, LSTM": (DefaultPPOTorchRLModule, NUMBERS, {"use_lstm": True}),
    "SAC": (DefaultSACTorchRLModule, NUMBERS, OFF_POLICY),
    "SAC, discrete": (DefaultSACTorchRLModule, CHOICES, OFF_POLICY),
    "DQN": (DefaultDQNTorchRLModule, CHOICES, OFF_POLICY),
}


def make_module(name: str) -> Any:
    """A module of `RLLIB` as RLlib builds it, never trained; the same one every time."""
    torch.manual_seed(0)
    module_class, action_space, settings = RLLIB[name]
    return RLModuleSpec(
        module_class=module_class,
        observation_space=gym.spaces.Box(-1.0, 1.0, (5,), np.float32),
        action_space=action_space,
        model_config={**vars(DefaultModelConfig(fcnet_hiddens=[32], lstm_cell_size=8)), **settings},
    ).build()


class _Inference(nn.Module):
    """RLlib's inference: the inputs of the action distribution, or the actions of a policy without."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def forward(self, observation: Tensor) -> Any:
        found = self.module.forward_inference({Columns.OBS: observation})
        return found.get(Columns.ACTION_DIST_INPUTS, found.get(Columns.ACTIONS))


PRESENT = ("DQN",)  # by torch's present exporter, which takes seconds: the older one lacks one of its operators


def export_module_of_rllib(name: str, file: Path) -> Path:
    """Export a module's inference by torch, as RLlib's guide on ONNX does."""
    module, example = _Inference(make_module(name).eval()), (torch.zeros(2, 5),)
    names: dict[str, Any] = {"input_names": ["obs"], "output_names": ["output"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporters warn of themselves
        if name in PRESENT:
            sizes = {"observation": {0: torch.export.Dim("batch")}}
            torch.onnx.export(
                module,
                example,
                str(file),
                dynamo=True,
                dynamic_shapes=sizes,
                external_data=False,
                verbose=False,
                **names,
            )
        else:
            axes = {"obs": {0: "batch"}}
            torch.onnx.export(module, example, str(file), dynamo=False, opset_version=17, dynamic_axes=axes, **names)
    return file


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
