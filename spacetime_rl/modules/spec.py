"""From a policy's layout and its model configuration to RLlib's RLModuleSpec."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
from ray.rllib.core.rl_module.rl_module import RLModuleSpec

from spacetime_rl.config.algorithms import Algorithm
from spacetime_rl.config.policy import ModelConfig
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.acting import ActingModule
from spacetime_rl.modules.critic import CriticSpec
from spacetime_rl.modules.policy import ClippedPolicyModule, PolicyModule
from spacetime_rl.modules.q_values import QModule
from spacetime_rl.modules.soft_actor import SoftActorModule

_MODULES: dict[Algorithm, type[ActingModule]] = {
    "PPO": PolicyModule,
    "APPO": ClippedPolicyModule,
    "IMPALA": PolicyModule,
    "SAC": SoftActorModule,
    "DQN": QModule,
}


def make_spaces(layout: PolicyLayout) -> tuple[gym.spaces.Box, gym.spaces.Box]:
    """The flat, unbounded observation and action boxes that RLlib sees, whatever the fields are."""
    return (
        gym.spaces.Box(-np.inf, np.inf, (layout.obs_dim,), np.float32),
        gym.spaces.Box(-np.inf, np.inf, (layout.action_size,), np.float32),
    )


def make_module_spec(
    layout: PolicyLayout,
    model: ModelConfig,
    algorithm: Algorithm = "PPO",
    *,
    inference_only: bool = False,
    critic: CriticSpec | None = None,
) -> RLModuleSpec:
    """The spec of a policy's module. It contains plain data only, so that a checkpoint can be read by itself.

    `critic` is what PPO's value function sees beside the agent's own observation; None: nothing.
    """
    observation_space, action_space = make_spaces(layout)
    model_config = {"layout": layout.to_dict(), **model.model_dump(mode="json")}
    if model.lstm:
        model_config["max_seq_len"] = model.lstm.max_seq_len  # the key that RLlib's learner connectors read
    if critic is not None:
        model_config["critic"] = critic.to_dict()
    return RLModuleSpec(
        module_class=_MODULES[algorithm],
        observation_space=observation_space,
        action_space=action_space,
        inference_only=inference_only,
        model_config=model_config,
    )
