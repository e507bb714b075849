"""Settle what a configuration leaves open: how many runners, games and arenas play."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from spacetime_rl.config import RunConfig
from spacetime_rl.config.algorithms import REPLAYING
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.sizing import MAIN_PROCESS_CPUS, choose_arenas, choose_runners, share_cores
from spacetime_rl.training.probe import measure_costs, with_arenas


def settle_sizes(
    config: RunConfig,
    plan: RolloutPlan,
    nodes: Sequence[float],
    trials: int = 1,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[RunConfig, RolloutPlan]:
    """Put a number wherever the configuration has `auto`, and the same numbers into the plan.

    `nodes` are the cores of each node of the cluster, shared by so many `trials` like this one. Only open arenas are
    measured, which takes up to ten seconds; `say` is told so. Raises GameError where the game cannot be played.
    """
    rollout, batch = config.rollout, config.training.train_batch_size
    if config.algorithm in REPLAYING:
        batch = sys.maxsize  # they learn from single steps: fragments may be short
    arenas = config.game.arenas
    if arenas == "auto":
        arenas = 1  # as a stock game has
        if not plan.spec.wire.startswith("stock"):
            say("measuring how many arenas pay")
            arenas = choose_arenas(measure_costs(config, plan), batch)
        plan = with_arenas(config, plan, arenas)
    runners, games = choose_runners(
        plan.spec.num_agents,
        int(sum(nodes) / trials),
        batch,
        _given(rollout.runners),
        _given(rollout.games_per_runner),
    )
    cpus = config.resources.cpus_per_runner
    if cpus == "auto":
        cpus = share_cores(nodes, runners, games, trials)
    settled = config.model_copy(
        update={
            "game": config.game.model_copy(update={"arenas": arenas}),
            "rollout": rollout.model_copy(update={"runners": runners, "games_per_runner": games}),
            "resources": config.resources.model_copy(update={"cpus_per_runner": cpus}),
        }
    )
    return settled, replace(plan, runners=runners, games=games, cpus_per_runner=cpus)


def needed_cpus(config: RunConfig) -> float:
    """CPU cores that a private Ray has to have at least for what the configuration insists on."""
    runners, cpus = config.rollout.runners, config.resources.cpus_per_runner
    return MAIN_PROCESS_CPUS + (0.0 if runners == "auto" or cpus == "auto" else runners * cpus)


def describe_sizes(plan: RolloutPlan) -> str:
    """`2 runners x 1 game x 8 arenas`."""
    parts = ((max(1, plan.runners), "runner"), (plan.games, "game"), (plan.spec.arenas, "arena"))
    return " x ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in parts)


def _given(size: int | Literal["auto"]) -> int | None:
    return None if size == "auto" else size
