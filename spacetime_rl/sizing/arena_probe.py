"""Measures, before a run, the time of a game's decision in the game and in the runner: at most ten seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ray.rllib.algorithms.algorithm_config import AlgorithmConfig

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.metrics import OWN
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import CheckpointMetadata
from spacetime_rl.sizing.arithmetic import GOOD_ENOUGH, Cost

MOST_AGENTS = 512  # of one game; more agents gained nothing in any game
_SECONDS = 0.8  # seconds of play for each number of arenas
_DECISIONS = 16  # decisions between two readings of the clock


def measure_costs(config: RunConfig, plan: RolloutPlan) -> list[Cost]:
    """The cost of a decision with 1, 2, 4 … arenas of the plan's game, until more arenas gain nothing.

    Raises GameError where the game cannot be played.
    """
    costs: list[Cost] = []
    for arenas in _numbers_of_arenas(plan):
        costs.append(_measure(config, with_arenas(config, plan, arenas)))
        if len(costs) > 2 and costs[-1].agent_steps_per_core_s < costs[-3].agent_steps_per_core_s / GOOD_ENOUGH:
            break
    return costs


@contextmanager
def one_game(config: RunConfig, plan: RolloutPlan, gpus: int = 0) -> Iterator[tuple[GameEnvRunner, AlgorithmConfig]]:
    """One game of the plan, played in this process by untrained policies, and the algorithm that would train them."""
    metadata = CheckpointMetadata("probe", config.to_dict(), plan.spec.to_dict(), {})
    config = config.with_learners(1)
    algorithm = make_algorithm_config(config, replace(plan, games=1, runners=0, viz=False), metadata, gpus)
    runner = GameEnvRunner(algorithm, worker_index=1)
    try:
        yield runner, algorithm
    finally:
        runner.stop()


def with_arenas(config: RunConfig, plan: RolloutPlan, arenas: int) -> RolloutPlan:
    """The same games with another number of arenas."""
    spec = replace(plan.spec, arenas=arenas)
    return replace(plan, launch=replace(plan.launch, arenas=arenas), spec=spec, policies=assign_policies(spec, config))


def _numbers_of_arenas(plan: RolloutPlan) -> Iterator[int]:
    arenas, per_arena = 1, plan.spec.num_agents // plan.spec.arenas
    while arenas == 1 or arenas * per_arena <= MOST_AGENTS:
        yield arenas
        arenas *= 2


def _measure(config: RunConfig, plan: RolloutPlan) -> Cost:
    """Play one game for `_SECONDS` seconds."""
    with one_game(config, plan) as (runner, _):
        agent_steps = _DECISIONS * plan.spec.num_agents
        runner.sample(num_timesteps=agent_steps)
        runner.get_metrics()
        decisions, began, worked_s = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - began < _SECONDS:
            runner.sample(num_timesteps=agent_steps)
            decisions += _DECISIONS
        runner_s = (time.process_time() - worked_s) / decisions
        game_s = float(runner.get_metrics()[OWN]["game_s"]) / decisions
    return Cost(plan.spec.arenas, plan.spec.num_agents, game_s, runner_s)
