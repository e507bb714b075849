"""Describes the build of a game, so that a recording tells what it was played on."""

from __future__ import annotations

import functools
import hashlib
import platform
from pathlib import Path

from spacetime_rl.episodes.episode import Build
from spacetime_rl.game.engine import Godot, check_godot
from spacetime_rl.game.ensure import ensure_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.program import PACK
from spacetime_rl.game.project import OWN_PROJECT, content_hash

_CHUNK_BYTES = 1 << 20


def describe_build(launch: GameLaunch) -> Build:
    """The build that a launch starts, by the name of its scenario, file or folder.

    Raises GodotNotFound, GodotTooOld, and UsageError for an engine that is missing.
    """
    if launch.env_path is not None:
        program = launch.env_path
        engine = _engine(launch).version_text if program.suffix == PACK else ""  # others contain their engine
        return Build(program.name, _hash_export(program), engine, platform.machine())
    godot = _engine(launch)
    project = launch.project or OWN_PROJECT
    name = launch.scenario or project.name
    return Build(name, content_hash(project.resolve()), godot.version_text, platform.machine())


def _engine(launch: GameLaunch) -> Godot:
    return check_godot(launch.godot, "game.godot") if launch.godot else ensure_godot()


def _hash_export(program: Path) -> str:
    """A hash of an exported game: its program, and its pack where that is a file of its own."""
    files = dict.fromkeys((program, program.with_suffix(PACK)))
    return _hash_files(tuple((file, file.stat().st_mtime_ns) for file in files if file.is_file()))


@functools.lru_cache(maxsize=4)
def _hash_files(files: tuple[tuple[Path, int], ...]) -> str:
    total = hashlib.sha256()
    for path, _ in files:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                total.update(chunk)
    return total.hexdigest()[:16]
