"""Measure training's env runner alone: games, forward passes and episodes, without learning."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import torch
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.utils.metrics import NUM_ENV_STEPS_SAMPLED

from spacetime_rl.bench.measure import Measurement, Throughput
from spacetime_rl.bench.null_game import NullGameOpener
from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.learning.build import fragment_agent_steps, make_algorithm_config
from spacetime_rl.rollout.metrics import OWN
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import CheckpointMetadata

_SHARES = ("game", "wire", "forward")


class Sampling(Measurement):
    """One env runner in this process, with all games of the plan."""

    def __init__(self, config: RunConfig, plan: RolloutPlan, name: str = "sampling") -> None:
        self.name = name
        self._spec = plan.spec
        self._algorithm = as_trained(config, plan)
        self._fragment = fragment_agent_steps(config, plan)
        self._runner: GameEnvRunner | None = None

    def open(self) -> None:
        """Start the runner and play one fragment to warm up."""
        self._runner = GameEnvRunner(self._algorithm, worker_index=1)  # 0 would be the driver, which has no games
        self.play(0.0)

    def play(self, seconds: float) -> Throughput:
        """Play whole fragments, of the size that training requests, until `seconds` seconds have passed."""
        assert self._runner is not None
        torch.set_num_threads(1)  # as in a runner's own process
        self._runner.get_metrics()
        began = time.perf_counter()
        while True:
            self._runner.sample(num_timesteps=self._fragment)
            elapsed_s = time.perf_counter() - began
            if elapsed_s >= seconds:
                break
        metrics = self._runner.get_metrics()
        spec, own = self._spec, metrics[OWN]
        measured = Throughput.of(
            float(metrics[NUM_ENV_STEPS_SAMPLED]),
            elapsed_s,
            spec.num_agents,
            spec.action_repeat,
            shares={part: float(own[f"{part}_s"]) / elapsed_s for part in _SHARES},
        )
        return replace(measured, step_ms_p50=float(own["step_ms_p50"]), step_ms_p99=float(own["step_ms_p99"]))

    def close(self) -> None:
        """Stop the runner and its games."""
        if self._runner is not None:
            self._runner.stop()


def make_runner_alone(config: RunConfig, agents: int) -> Sampling:
    """A measurement of the env runner on a null game of `agents` agents, with the networks of `config`."""
    opener = NullGameOpener(agents)
    null = RunConfig.model_validate(
        {
            "scenario": {"name": "null"},
            "model": config.model.model_dump(),
            "rollout": {"runners": 0, "fragment_length": 64},
        }
    )
    plan = RolloutPlan(
        GameLaunch(scenario="null"), opener.spec, assign_policies(opener.spec, null), seed=config.seed, open=opener
    )
    return Sampling(null, plan, f"runner_alone_{agents}")


def as_trained(config: RunConfig, plan: RolloutPlan, gpus: int = 0) -> AlgorithmConfig:
    """The RLlib algorithm configuration that training would build for this configuration."""
    facts: dict[str, Any] = {"config": config.to_dict(), "spec": plan.spec.to_dict(), "versions": {}}
    return make_algorithm_config(config, plan, CheckpointMetadata("bench", **facts), gpus)
