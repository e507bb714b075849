"""Train a game with one agent by Stable-Baselines3, and save the model.

python docs/gymnasium/sb3_train.py PPO motorcycle_2d --timesteps 1000000 --games 2 --save motorcycle
python docs/gymnasium/sb3_train.py DQN motorcycle_2d --params '{"actions": "discrete"}' --save motorcycle_dqn
python docs/gymnasium/sb3_train.py SAC 127.0.0.1:11009      # a game that was started with `-- --listen`

docs/gymnasium/sb3_evaluate.py plays with the model.
"""

from __future__ import annotations

import argparse
import itertools
import json
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3 import DQN, PPO, SAC, TD3
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

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


def make_env(game: str, algorithm: str, params: dict[str, Any]) -> gym.Env[Any, Any]:
    """A scenario that is started, with these parameters, or a game at HOST:PORT that waits."""
    host, _, port = game.rpartition(":")
    env = spacetime_rl.tcp_env(host, int(port), wait_s=30) if host else spacetime_rl.gym_env(game, params=params)
    is_box = isinstance(env.action_space, gym.spaces.Box)
    return Choices(env) if algorithm == "DQN" and is_box else env


def make_parser(what: str) -> argparse.ArgumentParser:
    """What both scripts are told: the algorithm, the game, and its parameters."""
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("algorithm", choices=ALGORITHMS)
    parser.add_argument("game", help="a scenario, such as motorcycle_2d, or HOST:PORT of a game that listens")
    parser.add_argument("--params", type=json.loads, default={}, help="""of the scenario: '{"random_oil": false}'""")
    parser.add_argument("--seed", type=int, default=1)
    return parser


def main() -> None:
    """Train, and save."""
    parser = make_parser("Train a game by Stable-Baselines3, and save the model.")
    parser.add_argument("--timesteps", type=int, default=100_000)
    parser.add_argument("--games", type=int, default=1, help="games that play at the same time")
    parser.add_argument("--save", default="model")
    given = parser.parse_args()
    small = SMALL.get(given.algorithm, {}) if given.timesteps < 10_000 else {}
    env = make_vec_env(
        partial(make_env, given.game, given.algorithm, given.params),
        n_envs=given.games,
        seed=given.seed,
        vec_env_cls=SubprocVecEnv if given.games > 1 else DummyVecEnv,
    )
    try:
        model = ALGORITHMS[given.algorithm]("MlpPolicy", env, seed=given.seed, verbose=1, **small)
        model.learn(given.timesteps)
        model.save(given.save)
    finally:
        env.close()


if __name__ == "__main__":
    main()
