"""The game that a user names, as a configuration."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.packaged import config_names, packaged
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import UsageError
from spacetime_rl.game.project import scenario_names


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


def build_overrides(option: str, path: str) -> tuple[str, ...]:
    """What makes a configuration play the build at `path`: a Godot project folder, or an exported game.

    `option` is that of the command line. Raises UsageError if it is neither.
    """
    place = Path(path)
    if (place / "project.godot").is_file():
        return (f"game.project={place.resolve()}",)
    if place.is_file():
        return (f"game.env_path={place.resolve()}",)
    raise UsageError(f"--{option} {path}: neither a folder with a project.godot nor an exported game")
