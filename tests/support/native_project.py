"""The Godot project with and without the native library: policies are computed by either."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.game.engine import Godot
from spacetime_rl.game.native import FOLDER, add_native, build_native
from spacetime_rl.game.project import OWN_PROJECT, import_project

GDSCRIPT, NATIVE = "gdscript", "native"
RUNTIMES = (GDSCRIPT, NATIVE)


@dataclass(frozen=True)
class Runtime:
    """What computes policies, the imported project that has it, and the engine."""

    name: str
    project: Path
    godot: Path


def make_runtime(name: str, godot: Godot, folder: Path) -> Runtime:
    """The runtime of that name; `folder` is empty. Raises NativeFailed where no library can be built."""
    imported = import_project(OWN_PROJECT, godot)
    if name == GDSCRIPT:
        return Runtime(name, imported, godot.path)
    project = Path(shutil.copytree(imported, folder / "project"))
    shutil.rmtree(project / FOLDER, ignore_errors=True)
    add_native(project, build_native(godot, folder / "native", ["-Werror"]))
    return Runtime(name, project, godot.path)
