"""The Godot engine on this machine: find it and read its version."""

from __future__ import annotations

import functools
import logging
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from spacetime_rl.errors import GodotNotFound, GodotTooOld
from spacetime_rl.game.program import why_not_a_program
from spacetime_rl.notices import ONCE

_log = logging.getLogger(__name__)

MIN_VERSION = (4, 5, 0)  # the first with OS.add_logger, which the addon needs to report script errors
_HOW = "run `spacetime-rl godot install`, or set GODOT_BIN to a Godot binary"


@dataclass(frozen=True, slots=True)
class Godot:
    """A Godot binary and its version, e.g. (4, 6, 3)."""

    path: Path
    version: tuple[int, int, int]

    @property
    def version_text(self) -> str:
        """E.g. "4.6.3"."""
        return ".".join(map(str, self.version))


def find_godot() -> Godot:
    """The Godot to use: $GODOT_BIN, else `godot` on PATH, else the newest one in the private prefix.

    Raises GodotNotFound or GodotTooOld. A `godot` on PATH that is too old is skipped with a warning.
    """
    chosen = os.environ.get("GODOT_BIN")
    if chosen:
        path = Path(shutil.which(chosen) or chosen)
        if path.is_file():  # child processes run in other folders, where a relative path would not resolve
            path = path.absolute()
            os.environ["GODOT_BIN"] = str(path)
        return check_godot(path, "GODOT_BIN")
    on_path = shutil.which("godot")
    if on_path:
        try:
            return check_godot(Path(on_path), "PATH")
        except GodotTooOld as error:
            _log.warning("passed over: %s", error, extra=ONCE)
    installed = sorted(godot_prefix().glob("*/bin/godot"), key=lambda path: _parse_version(path.parts[-3]))
    if installed:
        return check_godot(installed[-1], "the private prefix")
    raise GodotNotFound(f"no Godot of version 4.5 or newer: none on PATH and none in {godot_prefix()}; {_HOW}")


def check_godot(path: Path, source: str) -> Godot:
    """The binary at `path` with its version. `source` names in messages where the path comes from.

    Raises GodotNotFound or GodotTooOld.
    """
    fault = why_not_a_program(path)
    if fault is not None:
        raise GodotNotFound(f"{source}: {path} {fault}; {_HOW}")
    version = _ask_version(path, path.stat().st_mtime_ns)
    if version < MIN_VERSION:
        found = ".".join(map(str, version))
        raise GodotTooOld(f"{source}: {path} is Godot {found}, but 4.5 or newer is needed; {_HOW}")
    return Godot(path.absolute(), version)


def cache_dir() -> Path:
    """The folder that holds installed engines and imported projects."""
    return platformdirs.user_cache_path("spacetime-rl")


def godot_prefix() -> Path:
    """The folder of privately installed engines, one `<version>/bin/godot` each."""
    return cache_dir() / "godot"


def engine_build(path: Path) -> str:
    """The exact build that a Godot binary reports, e.g. "4.6.3.stable.debian4.6.3+ds-2"."""
    answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True)
    return answer.stdout.split()[-1]


@functools.cache
def _ask_version(path: Path, _mtime_ns: int) -> tuple[int, int, int]:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GodotNotFound(f"{path} does not run: {error}; {_HOW}") from error
    version = _parse_version(answer.stdout)
    if version == (0, 0, 0):
        said = (answer.stdout + answer.stderr).strip()[:200]
        raise GodotNotFound(f"{path} does not answer --version as Godot does, it says {said!r}; {_HOW}")
    return version


def _parse_version(text: str) -> tuple[int, int, int]:
    match = re.search(r"\b(\d+)\.(\d+)(?:\.(\d+))?", text)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)
