"""Temporary folders with an owner: each is locked while in use, and removed later if its owner was killed."""

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
_UNBORN_S = 3600.0  # age in seconds at which a folder without a lock counts as abandoned


@dataclass(frozen=True, slots=True)
class Scratch:
    """A new folder and the descriptor that locks it; a process that inherits the descriptor keeps the folder."""

    path: Path
    lock_fd: int


def make_scratch(purpose: str = "game", parent: Path | None = None) -> Scratch:
    """Make a locked folder among the system's temporary files. First removes folders whose users have ended."""
    parent = parent or Path(tempfile.gettempdir())
    _sweep(parent)
    unborn = Path(tempfile.mkdtemp(prefix=_UNBORN, dir=parent))  # `_sweep` spares this name
    lock_fd = os.open(unborn / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    with contextlib.suppress(ImportError):  # Windows
        lock_file(lock_fd)
    path = unborn.with_name(unborn.name.replace(_UNBORN, f"{_PREFIX}{purpose}-"))
    unborn.rename(path)
    return Scratch(path, lock_fd)


@contextlib.contextmanager
def scratch_folder(purpose: str, parent: Path | None = None) -> Iterator[Path]:
    """A temporary folder inside the block. If the process is killed, the next one removes the folder."""
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
        with contextlib.suppress(OSError, ImportError):  # in use, another user's, or just being removed
            if folder.name.startswith(_UNBORN):  # its lock may be there already, and not yet held
                if folder.stat().st_mtime < time.time() - _UNBORN_S:
                    shutil.rmtree(folder, ignore_errors=True)
                continue
            with (folder / _LOCK).open("rb") as lock:
                lock_file(lock.fileno(), wait=False)
                shutil.rmtree(folder, ignore_errors=True)
