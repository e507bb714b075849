"""The place of exported policies in a game's project, and what the project still lacks to play them."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.game.addon import has_addon, is_enabled
from spacetime_rl.game.files import ADDON

FOLDER = "policies"


def policies_folder(project: Path) -> Path:
    """The folder of the policies in a Godot project. Raises UsageError if `project` is none."""
    if not (project / "project.godot").is_file():
        found = "is no folder" if not project.is_dir() else "has no project.godot"
        raise UsageError(f"--into {project}: expected the folder of a Godot project, which {found}")
    return project / FOLDER


def resource_path(file: Path) -> str:
    """The path by which the game knows a file in the folder of the policies."""
    return f"res://{FOLDER}/{file.name}"


def what_is_missing(project: Path) -> str:
    """What a user has to do before the editor imports policies in this project; empty if there is nothing."""
    enable = 'enable the plugin "SpaceTime RL" in Project > Project Settings > Plugins'
    if not has_addon(project):
        what = f"the project has no {ADDON.as_posix()}, which imports .onnx"
        return f"{what}: `spacetime-rl godot addon {project}` puts it there"
    text = (project / "project.godot").read_text(encoding="utf-8", errors="replace")
    if not is_enabled(text):
        return f"{enable}: without it .onnx files are not imported"
    return ""
