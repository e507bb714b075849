"""`demo.py`: what a short training prints, so that a controller can be tried without a game."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence

from spacetime_rl.compat import script
from spacetime_rl.formats import controller

_STEPS, _EPISODES = 1000, 5  # an iteration
_PAUSE_S = 0.2  # between two iterations, so that a reader can see lines arrive


def make_parser() -> argparse.ArgumentParser:
    """The script's arguments."""
    parser = script.parser("demo.py", "Prints what a training would print.", "--iterations 3")
    parser.add_argument("--iterations", type=script.whole(1, 1000), default=5, help="iterations; default: 5")
    parser.add_argument("--pause", type=float, default=_PAUSE_S, help="seconds after each; default: 0.2")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print messages and sample metrics. The metrics are there whatever $CONTROLLER_METRICS is: they are the test."""
    options = make_parser().parse_args(argv)
    return script.run(lambda: _play(options.iterations, options.pause))


def _play(iterations: int, pause_s: float) -> None:
    print("Demo: nothing is trained, and all figures are invented.", flush=True)
    for number in range(1, iterations + 1):
        one = sample(number)
        print(f"Episode {one.episodes_total}: reward={one.episode_reward_mean:.1f}")
        print(f"Total timesteps: {one.timesteps_total}")
        print(controller.metric_line(one), flush=True)
        time.sleep(pause_s)
    print("Demo: done", flush=True)


def sample(number: int) -> controller.Iteration:
    """A made-up iteration, whose reward rises towards 100."""
    mean = 100.0 * (1.0 - math.exp(-number / 5))
    steps, episodes = number * _STEPS, number * _EPISODES
    policy = controller.PolicyFigures(
        reward_mean=mean,
        reward_min=mean - 10.0,
        reward_max=mean + 10.0,
        episode_len_mean=_STEPS / _EPISODES,
        completed_episodes=_EPISODES,
        learner_stats={"policy_loss": -0.01 / number, "vf_loss": 1.0 / number, "entropy": 1.5 - 0.01 * number},
        custom_metrics={"goals_scored": float(number)},
    )
    return controller.Iteration(
        training_iteration=number,
        timesteps_total=steps,
        episodes_total=episodes,
        episodes_this_iter=_EPISODES,
        episode_reward_mean=policy.reward_mean,
        episode_reward_min=policy.reward_min,
        episode_reward_max=policy.reward_max,
        episode_len_mean=policy.episode_len_mean,
        time_this_iter_s=_PAUSE_S,
        time_total_s=number * _PAUSE_S,
        env_steps_this_iter=_STEPS,
        env_throughput=_STEPS / _PAUSE_S,
        num_env_steps_sampled=steps,
        num_env_steps_trained=steps,
        num_agent_steps_sampled=steps,
        num_agent_steps_trained=steps,
        custom_metrics=policy.custom_metrics,
        policies={"demo": policy},
        checkpoints=0,
    )
