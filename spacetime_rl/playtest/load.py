"""From what a user names to a playtest or a gate: a plan, a configuration, a scenario, a project, an exported game."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.config import RunConfig
from spacetime_rl.config.gate import GateConfig
from spacetime_rl.config.loader import GATE, PLAYTEST
from spacetime_rl.config.overrides import split_section
from spacetime_rl.config.own_section import load_with, with_overrides
from spacetime_rl.config.packaged import packaged
from spacetime_rl.config.playtest import OraclesConfig, Playtest, load_playtest, with_settings
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.target import load_target
from spacetime_rl.game.project import scenario_names
from spacetime_rl.game.unchanged import knows_of_learning


def load_plan(
    target: str, overrides: Sequence[str] = (), settings: Sequence[str] = (), players: Iterable[str] = ()
) -> Playtest:
    """The playtest of a target. `settings` are overrides of the `playtest:` section, `players` are `PLAYER[=SHARE]`.

    Raises ConfigError, and UsageError for a target or a share that is none.
    """
    if (Path(target) / "project.godot").is_file() and not knows_of_learning(Path(target)):
        overrides = [f"name={_slug(Path(target).resolve().name)}", *unchanged_overrides(Path(target)), *overrides]
    own, rest = split_section(overrides, PLAYTEST)
    plan = load_playtest(target, rest, scenario_names()) if _is_config(target) else Playtest(load_target(target, rest))
    wanted = "no_progress" in plan.settings.oracles.model_fields_set or any("no_progress" in setting for setting in own)
    if plan.config.game.unchanged and not wanted:
        settings = ["oracles.no_progress=null", *settings]  # without rewards and a task, nobody is to get anywhere
    shares = dict(_share(player) for player in players)
    plan = with_settings(plan, [*own, *settings], shares)
    plan.scenes(scenario_names())  # refuses mistakes before anything is played
    return plan


@dataclass(frozen=True, slots=True)
class GatePlan:
    """What a gate plays and judges. `game` is the configuration's name, or one that was made of a target."""

    game: str | RunConfig
    name: str
    scenario: str | None
    overrides: tuple[str, ...]  # of the game's configuration
    settings: GateConfig
    oracles: OraclesConfig


def load_gate(target: str, overrides: Sequence[str] = (), settings: Sequence[str] = ()) -> GatePlan:
    """The gate of a target. `settings` are overrides of the `gate:` section. Raises as `load_plan`."""
    own, rest = split_section(overrides, GATE)
    for_oracles, rest = split_section(rest, PLAYTEST)
    game: str | RunConfig
    if _is_config(target):
        game = target
        config, gate = load_with(target, GATE, GateConfig, rest, scenario_names())
        playtest = load_playtest(target, rest, scenario_names(), say=lambda _: None)
    else:
        game = config = load_target(target, rest)
        gate, playtest = GateConfig(), Playtest(config)
    oracles = with_settings(playtest, for_oracles, {}).settings.oracles
    gate = with_overrides(gate, GATE, [*own, *settings])
    return GatePlan(game, config.name, config.scenario.name, tuple(rest), gate, oracles)


def _is_config(target: str) -> bool:
    return Path(target).suffix in (".yaml", ".yml") or packaged(target) is not None


def unchanged_overrides(project: Path) -> tuple[str, ...]:
    """What makes a plan play a project that knows nothing of reinforcement learning. Raises UsageError."""
    if not (project / "project.godot").is_file():
        raise UsageError(f"--project {project}: expected the folder of a Godot project, with its project.godot")
    return (f"game.project={project.resolve()}", "game.unchanged={}")


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name).strip("_") or "game"


def _share(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    try:
        value = float(share) if share else 1.0
    except ValueError:
        value = 0.0
    if not value > 0.0 or not name:
        raise UsageError(f"--player {text}: expected PLAYER or PLAYER=SHARE, such as random=2")
    return name, value
