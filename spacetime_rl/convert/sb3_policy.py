"""The policies of Stable-Baselines3: PPO, A2C, DQN, SAC, TD3 and DDPG."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from spacetime_rl.convert.foreign import CERTAIN, ForeignPolicy, Heads
from spacetime_rl.convert.sb3_file import SavedModel
from spacetime_rl.convert.spaces import ForeignSpaces
from spacetime_rl.errors import UsageError


def make_policy(model: SavedModel, named: ForeignSpaces) -> Sb3Policy:
    """Build the network of a saved model and load its weights; `named` are its spaces. Raises UsageError."""
    from stable_baselines3.common.policies import ActorCriticPolicy
    from stable_baselines3.dqn.policies import DQNPolicy
    from stable_baselines3.sac.policies import SACPolicy
    from stable_baselines3.td3.policies import TD3Policy

    bases = {"dqn": (DQNPolicy, _QPolicy), "sac": (SACPolicy, _SoftPolicy)}
    bases |= dict.fromkeys(("td3", "ddpg"), (TD3Policy, _FixedPolicy))
    base, kind = bases.get(model.algorithm, (ActorCriticPolicy, _ActorCritic))
    found = f"{model.policy_class.__module__}.{model.policy_class.__qualname__}"
    if not issubclass(model.policy_class, base) or hasattr(model.policy_class, "_process_sequence"):  # recurrent
        raise UsageError(
            f"{model.file}: its policy is {found}, which is not converted; expected a {base.__name__} without memory"
        )
    try:
        policy = model.policy_class(model.observation_space, model.action_space, lambda _: 0.0, **model.arguments)
        policy.load_state_dict(model.weights)
    except Exception as error:  # a constructor can fail in any way
        raise UsageError(
            f"{model.file}: its network cannot be built; it was written by Stable-Baselines3 {model.version}: {error}"
        ) from error
    return kind(policy, named)


class Sb3Policy(ForeignPolicy):
    """A policy with Stable-Baselines3's own way to decide."""

    def __init__(self, policy: Any, named: ForeignSpaces) -> None:
        super().__init__(named)
        policy.set_training_mode(False)
        self.policy = policy

    def decide_as_library(self, observations: NDArray[np.float32], state: NDArray[np.float32]) -> NDArray[np.float32]:
        """The actions of `policy.predict`, with numbers in [-1, 1]."""
        del state
        found, _ = self.policy.predict(self.spaces.observe_numpy(observations), deterministic=True)
        flat = np.asarray(found).reshape(len(observations), -1)
        none = flat[:, :0]
        continuous = isinstance(self.policy.action_space, spaces.Box)
        return self.spaces.join_actions(
            self.spaces.to_unit(flat.astype(np.float32)) if continuous else none, none if continuous else flat
        )


class _ActorCritic(Sb3Policy):
    def __init__(self, policy: Any, named: ForeignSpaces) -> None:
        super().__init__(policy, named)
        self.squashed = policy.squash_output

    def decide(self, observation: Any) -> Heads:
        policy, space = self.policy, self.policy.action_space
        features = policy.extract_features(observation)
        latent = policy.mlp_extractor.forward_actor(features[0] if isinstance(features, tuple) else features)
        found = policy.action_net(latent)
        if isinstance(space, spaces.Box):
            return Heads(found, _log_stds(policy, found, latent))
        if isinstance(space, spaces.MultiDiscrete):
            return Heads(logits=found.split([int(n) for n in space.nvec], -1))
        if isinstance(space, spaces.MultiBinary):
            return Heads(logits=[torch.cat([bit * 0.0, bit], -1) for bit in found.split(1, -1)])
        return Heads(logits=[found])


class _SoftPolicy(Sb3Policy):
    squashed = True

    def decide(self, observation: Any) -> Heads:
        means, log_stds, latent = self.policy.actor.get_action_dist_params(observation)
        return Heads(means, _log_stds(self.policy.actor, means, latent["latent_sde"]) if latent else log_stds)


class _FixedPolicy(Sb3Policy):
    """TD3 and DDPG: the actor's output is the action in [-1, 1], whatever the limits of the space are."""

    def __init__(self, policy: Any, named: ForeignSpaces) -> None:
        super().__init__(policy, named)
        self.middle = self.span = None

    def decide(self, observation: Any) -> Heads:
        found = self.policy.actor(observation)
        return Heads(found, torch.full_like(found, CERTAIN))


class _QPolicy(Sb3Policy):
    def decide(self, observation: Any) -> Heads:
        return Heads(logits=[self.policy.q_net(observation)])


def _log_stds(policy: Any, means: Tensor, latent: Tensor) -> Tensor:
    """One log standard deviation for each number, or, with gSDE, those that follow from what was observed."""
    if not getattr(policy, "use_sde", False):
        return policy.log_std.expand_as(means)  # type: ignore[no-any-return]
    noise = policy.action_dist
    variance = (latent**2) @ (noise.get_std(policy.log_std) ** 2)
    return 0.5 * torch.log(variance + noise.epsilon)
