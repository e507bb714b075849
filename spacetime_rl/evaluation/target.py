"""The game that a user names, as a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.packaged import config_names, packaged
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import UsageError
from spacetime_rl.game.git_project import GIT, check_out
from spacetime_rl.game.project import find_scenario, scenario_names


def load_target(name: str, overrides: Sequence[str], preset: str | None = None) -> RunConfig:
    """The configuration of a scenario, a configuration, an exported game or a Godot project folder.

    Raises ConfigError, and UsageError for a name that is none of them.
    """
    known = scenario_names()
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or packaged(name):
        return load(name, overrides, known, preset)
    if name in known:
        return load(None, [f"scenario.name={name}", *overrides], known, preset)
    if path.is_file():
        return load(None, [f"game.env_path={path}", *overrides], known, preset)
    if (path / "project.godot").is_file():
        return load(None, [f"game.project={path}", *overrides], known, preset)
    words = sorted({*known, *config_names()})
    hint = did_you_mean(name, words) or f"; known: {', '.join(words)}"
    raise UsageError(f"{name}: no scenario, configuration, exported game or Godot project{hint}")


def build_overrides(option: str, path: str, scenario: str | None = None) -> tuple[str, ...]:
    """What makes a configuration play the build at `path`: a Godot project folder, an exported game, or `git:REF`.

    `option` is that of the command line. If the configuration plays one of our scenarios, a project is played with the
    scene of that `scenario`. Raises UsageError if the build is none of them.
    """
    place = check_out(path) if path.startswith(GIT) else Path(path)
    if (place / "project.godot").is_file():
        found = (f"game.project={place.resolve()}", "game.env_path=null")
        scene = (
            (f"game.scene={find_scenario(scenario).scene}", "curriculum=[]") if scenario else ()
        )  # no lessons of ours
        return (*found, "scenario.name=null", *scene)
    if place.is_file():
        return (f"game.env_path={place.resolve()}", "game.project=null", "game.scene=null", "scenario.name=null")
    raise UsageError(f"--{option} {path}: neither a folder with a project.godot, nor an exported game, nor git:REF")
