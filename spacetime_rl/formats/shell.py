"""Commands of this package in a form that the user can paste into a shell."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path


def program(name: str) -> str:
    """The name of an installed program, or its path if it is beside this Python but not on PATH."""
    beside = Path(sys.executable).parent / name
    if shutil.which(name) or not beside.exists():
        return name
    return shlex.quote(str(short(beside)))


def short(path: Path) -> Path:
    """The path relative to the working folder if it lies inside, else unchanged."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
