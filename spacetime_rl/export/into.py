"""The place of exported policies in a game's project, and what the project still lacks to play them."""

from __future__ import annotations

from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.game.project_settings import get_setting

FOLDER = "policies"
_ADDON = "addons/spacetime_rl"
_PLUGIN = f"res://{_ADDON}/plugin.cfg"


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
    if not (project / _ADDON / "plugin.cfg").is_file():
        return f"the project has no {_ADDON}, which imports .onnx: `spacetime-rl godot addon {project}` puts it there"
    text = (project / "project.godot").read_text(encoding="utf-8", errors="replace")
    if f'"{_PLUGIN}"' not in (get_setting(text, "editor_plugins", "enabled") or ""):
        return f"{enable}: without it .onnx files are not imported"
    return ""
