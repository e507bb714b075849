"""Temporary folders with an owner: each is locked while it is used, and removed later if nobody was left to do so."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.host.system import lock_file

_PREFIX = "spacetime-rl-"
_UNBORN = f"{_PREFIX}new-"
_LOCK = ".lock"
_UNBORN_S = 3600.0


@dataclass(frozen=True, slots=True)
class Scratch:
    """A new folder and the descriptor that locks it: a process that inherits the descriptor keeps the folder alive."""

    path: Path
    lock_fd: int


def make_scratch(purpose: str = "game", parent: Path | None = None) -> Scratch:
    """Make a locked folder among the system's temporary files, after removing those whose users are gone."""
    parent = parent or Path(tempfile.gettempdir())
    _sweep(parent)
    unborn = Path(tempfile.mkdtemp(prefix=_UNBORN, dir=parent))  # not swept under this name: it has no lock yet
    lock_fd = os.open(unborn / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    with contextlib.suppress(ImportError):  # Windows
        lock_file(lock_fd)
    path = unborn.with_name(unborn.name.replace(_UNBORN, f"{_PREFIX}{purpose}-"))
    unborn.rename(path)
    return Scratch(path, lock_fd)


@contextlib.contextmanager
def scratch_folder(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """A folder for as long as this lasts. What a killed process left of its own is removed by the next one."""
    scratch = make_scratch(purpose, parent)
    folder = scratch.path / "files"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(scratch.path, ignore_errors=True)
        os.close(scratch.lock_fd)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, ImportError):  # in use, someone else's, or going
            if folder.name.startswith(_UNBORN) and folder.stat().st_mtime < time.time() - _UNBORN_S:
                shutil.rmtree(folder, ignore_errors=True)
            with (folder / _LOCK).open("rb") as lock:
                lock_file(lock.fileno(), wait=False)
                shutil.rmtree(folder, ignore_errors=True)
