"""Start a run's game once, to read its declaration and check it against the configuration before Ray starts."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.episodes.recorder import Recorder
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.ensure import ensure_godot
from spacetime_rl.game.http_api import TOKEN_VARIABLE
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.rollout.lessons import make_lessons, rehearse
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.reward_hook import HookPlace, RewardHook
from spacetime_rl.rollout.sides import plan_matches


def plan_rollout(
    config: RunConfig,
    logs: Path,
    home: Path | None = None,
    recordings: Path | None = None,
    open_first: Callable[[GameLaunch], Game] = open_game,
) -> RolloutPlan:
    """The plan of what runners play: the game as it declares itself, and its policies.

    `home` is the folder that the user started in. Episodes are recorded into `recordings`, if the configuration asks
    for it. `open_first` opens the game that declares itself. Raises GameError, ContractError, and ConfigError for a
    reward function that cannot be loaded.
    """
    launch = replace(make_launch(config), log_dir=logs, scripted=config.scripted)
    with open_first(replace(launch, name="first")) as game:
        spec = game.spec
        policies = assign_policies(spec, config)
        matches = plan_matches(config, spec, policies)
        lessons = () if config.imitation.offline else make_lessons(config, spec)
        rehearse(game, lessons)
    return RolloutPlan(
        replace(launch, nan_asks_script=matches is not None and matches.has_scripts),
        spec,
        policies,
        lessons,
        _find_hook(config, home or Path.cwd()),
        matches,
        seed=config.seed,
        max_lifetime_restarts=config.game.max_lifetime_restarts,
        restarts_rate_limit_n=config.game.restarts_rate_limit_n,
        restarts_rate_limit_period_s=config.game.restarts_rate_limit_period_s,
        viz=config.game.viz,
        via_http=config.game.via_http,
        http_token=os.environ.get(TOKEN_VARIABLE) if config.game.via_http else None,
        reload_scene_every=config.game.reload_scene_every,
        max_growth_mb=config.game.max_growth_mb,
        recorder=_make_recorder(config, launch, recordings),
        record_every=config.rollout.record_every or 1,
    )


def engine_version(plan: RolloutPlan) -> str | None:
    """The version of the engine that runs the game.

    None for an exported game, which contains its own, and for one that Python does not start.
    """
    unknown = plan.launch.env_path or plan.launch.attach or plan.visitors
    return None if unknown else ensure_godot().version_text


def _make_recorder(config: RunConfig, launch: GameLaunch, folder: Path | None) -> Recorder | None:
    if config.rollout.record_every is None or folder is None:
        return None
    return Recorder(folder.absolute(), describe_build(launch), config, config.seed, "training")


def _find_hook(config: RunConfig, home: Path) -> HookPlace | None:
    """The place of the user's reward function, which is loaded once so that a mistake is reported now."""
    if config.rewards.hook is None:
        return None
    place = HookPlace(config.rewards.hook, home)
    RewardHook(place)
    return place
