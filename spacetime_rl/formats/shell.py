"""How a command of ours is written so that the user can paste it."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def program(name: str) -> str:
    """The name of an installed program, or its path where it is not on PATH but beside this Python."""
    beside = Path(sys.executable).parent / name
    if shutil.which(name) or not beside.exists():
        return name
    return shlex.quote(str(short(beside)))


def short(path: Path) -> Path:
    """The path relative to the working folder where it lies inside, else as it is."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
