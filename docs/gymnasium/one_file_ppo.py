"""PPO in one file, in the manner of CleanRL: the loop, the network and the update are here to be read and changed.

    python docs/gymnasium/one_file_ppo.py vr_navigation --timesteps 200000

PPO with clipping (Schulman et al. 2017), advantages by GAE (Schulman et al. 2016), for continuous actions.
"""

from __future__ import annotations

import argparse

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Normal

import spacetime_rl

GAMMA, LAMBDA, CLIP, VALUE_COEFF, LARGEST_GRADIENT = 0.99, 0.95, 0.2, 0.5, 0.5


class Agent(nn.Module):
    """A mean for each number of the action, a standard deviation for all states, and a value."""

    def __init__(self, observed: int, acted: int) -> None:
        super().__init__()
        self.policy = nn.Sequential(nn.Linear(observed, 64), nn.Tanh(), nn.Linear(64, acted))
        self.value = nn.Sequential(nn.Linear(observed, 64), nn.Tanh(), nn.Linear(64, 1))
        self.log_std = nn.Parameter(torch.full((acted,), -0.5))

    def act(self, seen: torch.Tensor) -> Normal:
        """How actions are distributed: [n, observed] to [n, acted]."""
        return Normal(self.policy(seen), self.log_std.exp())


def advantages(rewards: np.ndarray, values: np.ndarray, ends: np.ndarray, last_value: float) -> np.ndarray:
    """GAE of one stretch of play; all arguments and the result have the shape [steps], `ends` is 1 after an episode."""
    found, gain = np.zeros_like(rewards), 0.0
    for step in reversed(range(len(rewards))):
        following = last_value if step + 1 == len(rewards) else values[step + 1]
        surprise = rewards[step] + GAMMA * following * (1 - ends[step]) - values[step]
        gain = surprise + GAMMA * LAMBDA * (1 - ends[step]) * gain
        found[step] = gain
    return found


def main() -> None:
    """Play, learn, and print the mean return of the episodes that ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("game")
    parser.add_argument("--timesteps", type=int, default=200_000)
    parser.add_argument("--steps", type=int, default=2048, help="steps between two updates")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    env = spacetime_rl.gym_env(given.game)
    assert isinstance(env.observation_space, gym.spaces.Box)
    assert isinstance(env.action_space, gym.spaces.Box)
    agent = Agent(env.observation_space.shape[0], env.action_space.shape[0])
    optimizer = torch.optim.Adam(agent.parameters(), lr=3e-4)
    seen, info = env.reset(seed=given.seed)
    done, returns = 0, []
    try:
        while done < given.timesteps:
            rows = []
            for _ in range(given.steps):
                with torch.no_grad():
                    state = torch.as_tensor(seen)[None]
                    chances = agent.act(state)
                    action = chances.sample()
                    logp, value = chances.log_prob(action).sum(), agent.value(state).item()
                following, reward, terminated, truncated, info = env.step(action[0].clamp(-1, 1).numpy())
                if truncated:  # the episode was cut off, so that what would have come counts
                    with torch.no_grad():
                        reward += GAMMA * agent.value(torch.as_tensor(following)[None]).item()
                over = terminated or truncated
                rows.append((seen, action[0].numpy(), logp.item(), reward, value, float(over)))
                if over:
                    returns.append(info["return"])
                    following, info = env.reset()
                seen = following
            done += given.steps
            observed, actions, logps, rewards, values, ends = (
                np.array(part, np.float32) for part in zip(*rows, strict=True)
            )
            with torch.no_grad():
                last = agent.value(torch.as_tensor(seen)[None]).item()
            gains = advantages(rewards, values, ends, last)
            update(agent, optimizer, observed, actions, logps, gains, gains + values)
            print(f"{done} steps: mean return {np.mean(returns[-20:]):.3f}" if returns else f"{done} steps", flush=True)
    finally:
        env.close()


def update(
    agent: Agent,
    optimizer: torch.optim.Optimizer,
    observed: np.ndarray,
    actions: np.ndarray,
    logps: np.ndarray,
    gains: np.ndarray,
    targets: np.ndarray,
) -> None:
    """Ten passes over what was played, in minibatches of 64."""
    parts = [torch.as_tensor(part) for part in (observed, actions, logps, gains, targets)]
    for _ in range(10):
        for rows in torch.randperm(len(observed)).split(64):
            seen, action, logp, gain, target = (part[rows] for part in parts)
            gain = (gain - gain.mean()) / (gain.std() + 1e-8)
            ratio = (agent.act(seen).log_prob(action).sum(-1) - logp).exp()
            policy_loss = -torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
            value_loss = (agent.value(seen)[:, 0] - target).square().mean()
            optimizer.zero_grad()
            (policy_loss + VALUE_COEFF * value_loss).backward()
            nn.utils.clip_grad_norm_(agent.parameters(), LARGEST_GRADIENT)
            optimizer.step()


if __name__ == "__main__":
    main()
