"""Which files of a folder are a project's, and where our addon is in it: Godot overlooks some folders, and so do we."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

ADDON = Path("addons", "spacetime_rl")

# In a folder that Godot overlooks: its files are neither imported nor exported.
_OVERLOOKED = ".gdignore"
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


def project_files(project: Path) -> Iterator[Path]:
    """The files of a project: without those that Godot derives from them, and folders that it overlooks."""
    for folder, subfolders, names in os.walk(project):
        no_part = left_out(folder, subfolders)
        subfolders[:] = [name for name in subfolders if name not in no_part]
        yield from (path for name in names if (path := Path(folder, name)).is_file())


def overlook(folder: Path) -> None:
    """Make Godot overlook a folder of ours that lies in a project, such as that of the results.

    Godot would import its pictures and policies, and each change in it would make another project of the game. Nothing
    happens where there is no project.
    """
    if any((parent / "project.godot").is_file() for parent in folder.absolute().parents):
        (folder / _OVERLOOKED).touch()


def left_out(folder: str | os.PathLike[str], names: Sequence[str]) -> set[str]:
    """The subfolders that Godot overlooks, as it does those with a dot in front, and Python's environments."""
    return {
        name
        for name in names
        if (path := Path(folder, name)).is_dir()
        and (name.startswith(".") or (path / _OVERLOOKED).exists() or (path / _VIRTUAL_ENVIRONMENT).exists())
    }
