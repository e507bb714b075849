"""Train a game with one agent by Stable-Baselines3, save the model, and play with it.

python docs/gymnasium/sb3.py PPO vr_navigation --timesteps 100000
python docs/gymnasium/sb3.py SAC 127.0.0.1:11009      # a game that was started with `-- --listen`
"""

from __future__ import annotations

import argparse
import itertools
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3 import DQN, PPO, SAC, TD3

import spacetime_rl

ALGORITHMS = {"PPO": PPO, "DQN": DQN, "SAC": SAC, "TD3": TD3}
# PPO collects 2,048 steps before it learns; a short run is over by then.
SMALL = {"PPO": {"n_steps": 64, "batch_size": 64}}


class Choices(gym.ActionWrapper[Any, Any, Any]):
    """A continuous action as one choice out of all combinations of -1, 0 and 1, for DQN."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        assert isinstance(env.action_space, gym.spaces.Box)
        sides = itertools.product((-1.0, 0.0, 1.0), repeat=env.action_space.shape[0])
        self._actions = np.array(list(sides), np.float32)
        self.action_space = gym.spaces.Discrete(len(self._actions))

    def action(self, action: Any) -> Any:
        """The continuous action [n] that a choice stands for."""
        return self._actions[int(action)]


def make_env(game: str, algorithm: str) -> gym.Env[Any, Any]:
    """A scenario that is started, or a game at HOST:PORT that waits."""
    host, _, port = game.rpartition(":")
    env = spacetime_rl.tcp_env(host, int(port), wait_s=30) if host else spacetime_rl.gym_env(game)
    is_box = isinstance(env.action_space, gym.spaces.Box)
    return Choices(env) if algorithm == "DQN" and is_box else env


def main() -> None:
    """Train, save, and play one episode."""
    parser = argparse.ArgumentParser()
    parser.add_argument("algorithm", choices=ALGORITHMS)
    parser.add_argument("game")
    parser.add_argument("--timesteps", type=int, default=100_000)
    parser.add_argument("--save", default="model")
    given = parser.parse_args()
    env = make_env(given.game, given.algorithm)
    small = SMALL.get(given.algorithm, {}) if given.timesteps < 10_000 else {}
    try:
        model = ALGORITHMS[given.algorithm]("MlpPolicy", env, seed=1, **small)
        model.learn(given.timesteps)
        model.save(given.save)
        seen, info = env.reset(seed=10_000)
        over = False
        while not over:
            action, _ = model.predict(seen, deterministic=True)
            seen, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        print(f"{given.algorithm}: return {info['return']:.3f} in {info['length']:.0f} decisions")
    finally:
        env.close()


if __name__ == "__main__":
    main()
