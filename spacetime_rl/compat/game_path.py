"""The game that a script's `env_path` names."""

from __future__ import annotations

from pathlib import Path

PROGRAM = ".x86_64"


def find_program(env_path: str) -> Path:
    """The game's program; as controllers may leave the ending out, or give that of another system, it is tried too."""
    given = Path(env_path).expanduser()
    usual = given.with_suffix(PROGRAM)
    return usual if not given.is_file() and usual.is_file() else given
