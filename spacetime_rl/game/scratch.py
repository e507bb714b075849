"""A game's temporary folder: locked while the game lives, swept up later if nobody was left to remove it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.system import lock_file

_PREFIX = "spacetime-rl-game-"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Scratch:
    """A new folder and the descriptor that locks it: whoever inherits the descriptor keeps the folder alive."""

    path: Path
    lock_fd: int


def make_scratch() -> Scratch:
    """Make a locked folder among the system's temporary files, after removing those whose games are gone."""
    parent = Path(tempfile.gettempdir())
    _sweep(parent)
    unborn = Path(tempfile.mkdtemp(prefix="spacetime-rl-new-"))  # not swept under this name: it has no lock yet
    lock_fd = os.open(unborn / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    lock_file(lock_fd)
    path = unborn.with_name(unborn.name.replace("spacetime-rl-new-", _PREFIX))
    unborn.rename(path)
    return Scratch(path, lock_fd)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), (folder / _LOCK).open("rb") as lock:  # in use, someone else's, or going
            lock_file(lock.fileno(), wait=False)
            shutil.rmtree(folder, ignore_errors=True)
