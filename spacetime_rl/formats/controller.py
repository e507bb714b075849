"""The line that a training controller reads after every iteration: `@METRIC {"kind":"iteration",…}` on stdout.

Field names and their order are those of the controller's reference. No other file spells them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from spacetime_rl.formats.plain_json import to_json

VARIABLE = "CONTROLLER_METRICS"  # environment variable: the lines are printed if it holds anything
PREFIX = "@METRIC "
LEARNER_STATS = ("policy_loss", "vf_loss", "entropy")  # always there; a learner may report more

Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """One policy in an iteration. Rewards are sums over episodes, lengths are in steps; None: unknown so far."""

    reward_mean: float | None = None
    reward_min: float | None = None
    reward_max: float | None = None
    episode_len_mean: float | None = None
    completed_episodes: int = 0
    learner_stats: Figures = field(default_factory=dict)
    custom_metrics: Figures = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Iteration:
    """One iteration of training. Times are in seconds, throughput in environment steps per second."""

    training_iteration: int
    timesteps_total: int
    episodes_total: int
    episodes_this_iter: int
    episode_reward_mean: float | None
    episode_reward_min: float | None
    episode_reward_max: float | None
    episode_len_mean: float | None
    time_this_iter_s: float
    time_total_s: float
    env_steps_this_iter: int
    env_throughput: float | None
    num_env_steps_sampled: int
    num_env_steps_trained: int
    num_agent_steps_sampled: int
    num_agent_steps_trained: int
    custom_metrics: Figures
    policies: Mapping[str, PolicyFigures]
    checkpoints: int


def is_wanted() -> bool:
    """Whether a controller reads this process's output."""
    return bool(os.environ.get(VARIABLE))


def metric_line(iteration: Iteration, trial: str | None = None, at: datetime | None = None) -> str:
    """The line without its end. `trial` is a sweep's trial, as a last field; `at` the result's time, by default now."""
    time = f"{(at or datetime.now(UTC)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    record: dict[str, Any] = {"kind": "iteration", "timestamp": time, **asdict(iteration)}
    for policy in record["policies"].values():
        policy["learner_stats"] = {**dict.fromkeys(LEARNER_STATS), **policy["learner_stats"]}
    if trial is not None:
        record["trial"] = trial
    return PREFIX + to_json(record, separators=(",", ":"))
