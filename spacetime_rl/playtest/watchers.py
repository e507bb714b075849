"""Oracles that need to be inside the game: which of them watch, and what they reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacetime_rl.config.playtest import OraclesConfig
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.playtest.sighting import Played, Sighting

SCRIPT = ".gd"
_ERRORS = "script_error"
_SHIPPED = ("inside_body", "tunnelled", "jitter", "dead_element", "warning", "not_finite")


def watched(launch: GameLaunch, config: OraclesConfig, home: Path | None = None) -> GameLaunch:
    """The launch of a game whose recorded episodes are watched; files of the user's are found from `home` on.

    Raises ConfigError for a file that does not exist.
    """
    scripts = tuple((home or Path.cwd()) / name for name in config.custom if name.endswith(SCRIPT))
    missing = [f"playtest.oracles.custom: {path}: no such file" for path in scripts if not path.is_file()]
    if missing:
        raise ConfigError(missing)
    thresholds = _thresholds(config)
    if launch.unchanged is not None:  # it goes on after an error, which is no fault that ends it
        thresholds[_ERRORS] = {}
    return replace(launch, oracles=thresholds, oracle_scripts=scripts)


def _thresholds(config: OraclesConfig) -> dict[str, dict[str, Any]]:
    wanted = {name: getattr(config, name) for name in _SHIPPED}
    return {name: {} if found is True else found.model_dump() for name, found in wanted.items() if found}


def who_failed(played: Played, launch: GameLaunch) -> Path | None:
    """The user's own oracle in whose file the game failed, if that is why it did."""
    key = played.fault.fault if played.fault else ""
    return next((path for path in launch.oracle_scripts if key.startswith(f"script_error:{path}:")), None)


def without(oracle: Path, launch: GameLaunch) -> GameLaunch:
    """The launch of the same game without one of the user's own oracles."""
    return replace(launch, oracle_scripts=tuple(path for path in launch.oracle_scripts if path != oracle))


class Watchers:
    """What the oracles inside the game reported."""

    name = "in the game"

    def examine(self, played: Played) -> Iterator[Sighting]:
        """All that they reported of this episode."""
        yield from played.episode.trace.sightings
