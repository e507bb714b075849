"""What is measured: a configuration's game with as many agents as asked for, and the plan to play it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl.config import RunConfig
from spacetime_rl.config.merge import deep_merge
from spacetime_rl.errors import UsageError
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.host.system import cores

if TYPE_CHECKING:
    from spacetime_rl.rollout.plan import RolloutPlan

SCENARIO = "bench"  # the one made for this: any number of agents in one arena
_PLAYERS = "players"  # its parameter for that


def with_agents(config: RunConfig, agents: int) -> RunConfig:
    """The same with so many agents in one game: players of the bench scenario, or else arenas, rounded up.

    Raises UsageError for a stock game, which has as many as it has.
    """
    if config.scenario.name == SCENARIO:
        return _change(config, {"scenario": {"params": {_PLAYERS: agents}}, "game": {"arenas": 1}})
    one = plan_target(_change(config, {"game": {"arenas": 1}}))
    if one.spec.is_stock:
        raise UsageError(f"--agents: {one.launch.title} is a stock game; it decides itself how many agents it has")
    return _change(config, {"game": {"arenas": math.ceil(agents / one.spec.num_agents)}})


def with_games(config: RunConfig, games: int, agents: int) -> RunConfig:
    """The same with so many games a runner, and fragments that are short even for so many `agents`."""
    length = max(16, min(256, 1024 // agents))
    return _change(config, {"rollout": {"games_per_runner": games, "fragment_length": length}})


def plan_target(config: RunConfig) -> RolloutPlan:
    """Start the game once, and make the plan that env runners of a training on this machine would play.

    Open arenas are measured, which takes some seconds. Peers are told how many ticks a decision takes, so the plan
    names them. Raises what `plan_rollout` raises.
    """
    from spacetime_rl.rollout.make_plan import plan_rollout  # with Ray: takes seconds, and naming a game needs neither
    from spacetime_rl.sizing.settle import settle_sizes

    with scratch_folder("bench") as folder:
        plan = plan_rollout(config, Path(folder))
    plan = replace(plan, launch=replace(plan.launch, action_repeat=plan.spec.action_repeat, log_dir=None))
    return settle_sizes(config, plan, [cores()], measure_batch=False)[1]


def _change(config: RunConfig, changes: Mapping[str, Any]) -> RunConfig:
    return RunConfig.model_validate(deep_merge(config.to_dict(), changes))
