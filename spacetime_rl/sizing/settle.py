"""Replaces every `auto` of a configuration's sizes: runners, games, arenas, cores, batch sizes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from spacetime_rl.config import RunConfig
from spacetime_rl.config.algorithms import REPLAYING
from spacetime_rl.rollout.plan import MAIN_PROCESS_CPUS, RolloutPlan
from spacetime_rl.sizing.arena_probe import measure_costs, with_arenas
from spacetime_rl.sizing.arithmetic import (
    MIN_FRAGMENT,
    choose_arenas,
    choose_batch,
    choose_runners,
    share_cores,
)
from spacetime_rl.sizing.batch_probe import measure_learning


def settle_sizes(
    config: RunConfig,
    plan: RolloutPlan,
    nodes: Sequence[float],
    trials: int = 1,
    say: Callable[[str], None] = lambda _: None,
    measure_batch: bool = True,
    gpus: int = 0,
) -> tuple[RunConfig, RolloutPlan]:
    """Replace every `auto` size of the configuration by a number, and put the same numbers into the plan.

    `nodes` are the cores of each node of the cluster, which `trials` trials like this one share. Open numbers of arenas
    are measured, which takes up to ten seconds. PPO's open batch sizes are measured, which takes about five, on the
    learner's `gpus`. `say` receives a sentence before each measurement. With `measure_batch=False` batch sizes stay
    `auto`. Raises GameError where the game cannot be played.
    """
    if config.game.attach is not None:  # each measurement would begin the person's game anew
        config = _of_one_game(config, plan).sized()
    if config.imitation.offline:  # nothing is played, so there is nothing to measure
        config = _of_no_games(config, plan)
    rollout, batch = config.rollout, config.sized().training.train_batch_size
    assert batch != "auto"
    if config.algorithm in REPLAYING:
        batch = sys.maxsize  # these algorithms learn from single steps, so fragments may be short
    arenas = config.game.arenas
    if arenas == "auto":
        arenas = 1  # a stock game has one arena
        if not plan.spec.is_stock:
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
    physics_hz = config.game.physics_hz
    if physics_hz == "auto":
        physics_hz = plan.spec.physics_hz or "auto"  # a stock game does not say
    cpus = config.resources.cpus_per_runner
    if cpus == "auto":
        cpus = share_cores(nodes, runners, games, trials, processes(config))
    settled = config.model_copy(
        update={
            "game": config.game.model_copy(update={"arenas": arenas, "physics_hz": physics_hz}),
            "rollout": rollout.model_copy(update={"runners": runners, "games_per_runner": games}),
            "resources": config.resources.model_copy(update={"cpus_per_runner": cpus}),
        }
    )
    plan = replace(plan, runners=runners, games=games, cpus_per_runner=cpus)
    if measure_batch and settled.training.train_batch_size == "auto":
        settled = _settle_batch(settled, plan, sum(nodes) / trials, gpus, say)
    return _settle_overlap(settled), plan


def _settle_overlap(config: RunConfig) -> RunConfig:
    """Write down whether runners play while the learner learns; for algorithms that always do, it stays `auto`."""
    if config.algorithm != "PPO" or not config.rollout.runners:
        return config
    return config.model_copy(update={"rollout": config.rollout.model_copy(update={"overlap": config.overlaps})})


def _of_one_game(config: RunConfig, plan: RolloutPlan) -> RunConfig:
    """The sizes of a run with the one game that a person started, as it was started."""
    sizes = {"runners": _given(config.rollout.runners) or 0, "games_per_runner": 1}
    return config.model_copy(
        update={
            "rollout": config.rollout.model_copy(update=sizes),
            "game": config.game.model_copy(update={"arenas": plan.spec.arenas}),
        }
    )


def _of_no_games(config: RunConfig, plan: RolloutPlan) -> RunConfig:
    """The sizes of a run that plays nothing: no runners, and the arenas that the game was started with."""
    rollout = config.rollout.model_copy(update={"runners": 0, "games_per_runner": 1})
    game = config.game.model_copy(update={"arenas": plan.spec.arenas})
    return config.model_copy(update={"rollout": rollout, "game": game}).sized()


def _settle_batch(
    config: RunConfig, plan: RolloutPlan, cores: float, gpus: int, say: Callable[[str], None]
) -> RunConfig:
    """Choose PPO's batch sizes by the measured speeds of game and learner, so that neither waits long."""
    say("measuring game and learner for the batch size")
    costs = measure_learning(config, plan, gpus)
    games = max(1, plan.runners) * plan.games
    sampling_s = costs.playing_s / max(1.0, min(games, cores))
    training = config.training
    sizes = choose_batch(
        sampling_s,
        costs.learner,
        games * plan.spec.num_agents * MIN_FRAGMENT,
        _given(training.minibatch_size),
        _given(training.num_epochs),
    )
    say(
        f"batch {sizes.batch}, minibatch {sizes.minibatch}, {sizes.epochs} epochs: an agent step takes "
        f"{1e6 * sampling_s:.0f} µs to play and {1e6 * costs.learner.of(sizes):.0f} µs to learn from"
    )
    chosen = {"train_batch_size": sizes.batch, "minibatch_size": sizes.minibatch, "num_epochs": sizes.epochs}
    return config.with_batch({key: chosen[key] for key in training.unmeasured()})


def needed_cpus(config: RunConfig) -> float:
    """Minimum number of CPU cores for a private Ray to run the explicitly configured runners."""
    runners, cpus = config.rollout.runners, config.resources.cpus_per_runner
    return MAIN_PROCESS_CPUS * processes(config) + (0.0 if runners == "auto" or cpus == "auto" else runners * cpus)


def processes(config: RunConfig) -> int:
    """Processes of a trial that neither play nor evaluate: the training process, and its learners if several."""
    learners = config.resources.learners
    return 1 if learners == "auto" or learners <= 1 else 1 + learners


def describe_sizes(plan: RolloutPlan) -> str:
    """The sizes in words, as in `2 runners x 1 game x 8 arenas`."""
    parts = ((max(1, plan.runners), "runner"), (plan.games, "game"), (plan.spec.arenas, "arena"))
    return " x ".join(f"{number} {noun}{'' if number == 1 else 's'}" for number, noun in parts)


def _given(size: int | Literal["auto"]) -> int | None:
    return None if size == "auto" else size
