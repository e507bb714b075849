"""What a training of Stable-Baselines3 prints after every iteration: two lines for people, one for a controller."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback, CheckpointCallback

from spacetime_rl.compat.sb3_env import METRICS
from spacetime_rl.formats import controller

WINDOW_EPISODES = 100  # means cover the latest of this number
_NOT_OWN = ("episode", "return", "length")  # metrics that every game has
# Names of a controller and of `train`, by those of Stable-Baselines3's logger.
_LEARNER = {
    "train/policy_gradient_loss": "policy_loss",
    "train/value_loss": "vf_loss",
    "train/approx_kl": "kl",
    "train/explained_variance": "explained_variance",
    "train/learning_rate": "lr",
    "train/clip_fraction": "clip_fraction",
}
_ENTROPY_LOSS = "train/entropy_loss"  # minus the entropy


class Checkpoints(CheckpointCallback):  # type: ignore[misc]
    """Saves `rl_model_<steps>_steps.zip` and counts."""

    @property
    def saved(self) -> int:
        """The number of files so far."""
        return int(self.n_calls // self.save_freq)


class IterationReport(BaseCallback):  # type: ignore[misc]
    """Prints an iteration when its update is done, which is when the next one begins.

    Every agent is an environment to Stable-Baselines3, so that steps of agents and of environments are the same number.
    """

    def __init__(self, policy: str, checkpoints: Checkpoints | None) -> None:
        super().__init__()
        self._policy = policy
        self._checkpoints = checkpoints
        self._latest: deque[Mapping[str, float]] = deque(maxlen=WINDOW_EPISODES)
        self._iteration = self._episodes = self._episodes_now = 0
        self._steps_before = 0
        self._began_s = self._iteration_began_s = time.monotonic()

    def _on_training_start(self) -> None:
        self._steps_before = self.num_timesteps
        self._began_s = self._iteration_began_s = time.monotonic()

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if METRICS in info:
                self._latest.append(info[METRICS])
                self._episodes_now += 1
        return True

    def _on_rollout_start(self) -> None:
        self._report()

    def _on_training_end(self) -> None:
        self._report()

    def _report(self) -> None:
        steps = self.num_timesteps - self._steps_before
        if not steps:
            return
        now_s = time.monotonic()
        self._iteration += 1
        self._episodes += self._episodes_now
        one = self._describe(steps, now_s - self._iteration_began_s, now_s - self._began_s)
        if one.episode_reward_mean is not None:
            print(f"Episode {one.episodes_total}: reward={one.episode_reward_mean:.1f}")
        print(f"Total timesteps: {one.timesteps_total}", flush=True)
        if controller.is_wanted():
            print(controller.metric_line(one), flush=True)
        self._iteration_began_s, self._steps_before, self._episodes_now = now_s, self.num_timesteps, 0

    def _describe(self, steps: int, iteration_s: float, total_s: float) -> controller.Iteration:
        returns = [episode["return"] for episode in self._latest]
        lengths = [episode["length"] for episode in self._latest]
        own = _means(self._latest)
        policy = controller.PolicyFigures(
            reward_mean=_mean(returns),
            reward_min=min(returns, default=None),
            reward_max=max(returns, default=None),
            episode_len_mean=_mean(lengths),
            completed_episodes=self._episodes_now,
            learner_stats=self._learner_stats(),
            custom_metrics=own,
        )
        total = int(self.num_timesteps)
        return controller.Iteration(
            training_iteration=self._iteration,
            timesteps_total=total,
            episodes_total=self._episodes,
            episodes_this_iter=self._episodes_now,
            episode_reward_mean=policy.reward_mean,
            episode_reward_min=policy.reward_min,
            episode_reward_max=policy.reward_max,
            episode_len_mean=policy.episode_len_mean,
            time_this_iter_s=iteration_s,
            time_total_s=total_s,
            env_steps_this_iter=steps,
            env_throughput=steps / iteration_s if iteration_s else None,
            num_env_steps_sampled=total,
            num_env_steps_trained=total,
            num_agent_steps_sampled=total,
            num_agent_steps_trained=total,
            custom_metrics=own,
            policies={self._policy: policy},
            checkpoints=self._checkpoints.saved if self._checkpoints else 0,
        )

    def _learner_stats(self) -> dict[str, float | None]:
        logged: Mapping[str, Any] = self.logger.name_to_value
        found = {ours: _finite(logged.get(theirs)) for theirs, ours in _LEARNER.items() if theirs in logged}
        if _ENTROPY_LOSS in logged:
            found["entropy"] = _finite(-logged[_ENTROPY_LOSS])
        return found


def _means(episodes: deque[Mapping[str, float]]) -> dict[str, float | None]:
    """The mean of each of a game's own metrics over the episodes that have it."""
    names = dict.fromkeys(name for episode in episodes for name in episode if name not in _NOT_OWN)
    return {name: _mean([episode[name] for episode in episodes if name in episode]) for name in names}


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _finite(value: Any) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None
