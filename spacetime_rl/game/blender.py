"""Blender, which Godot needs to import .blend files: find it, or import a project without it.

Where Godot does not find Blender, a single .blend file stops the import of the whole project, with exit code 0.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

# If one of these lies beside the engine, the editor's settings lie there, too, and not in the user's folder.
_SELF_CONTAINED = ("._sc_", "_sc_")
_PATH = "filesystem/import/blender/blender_path"
_SWITCH = "import/blender/enabled"
_HEADER = '[gd_resource type="EditorSettings" format=3]\n\n[resource]\n'


def find_blender(engine: Path) -> Path | None:
    """The path of Blender, from the editor's settings or from PATH; None if it is not installed."""
    for line in _import_settings(engine):
        key, _, value = line.partition(" = ")
        chosen = Path(value.strip().strip('"'))
        if key == _PATH and value.strip('" ') and _runs(chosen):
            return chosen
    on_path = shutil.which("blender")
    return Path(on_path) if on_path else None


def write_import_settings(engine: Path, config_home: Path, version: tuple[int, int, int]) -> None:
    """Copy the user's import settings for an engine that imports with a `config_home` of its own."""
    blender = find_blender(engine)
    lines = [line for line in _import_settings(engine) if not line.startswith(f"{_PATH} ")]
    if blender is not None:
        lines.append(f'{_PATH} = "{blender}"')
    name = f"editor_settings-{version[0]}.{version[1]}.tres"
    if not _is_self_contained(engine):
        (config_home / "godot").mkdir(parents=True)
        (config_home / "godot" / name).write_text(_HEADER + "\n".join([*lines, ""]))
    elif blender is not None:
        _add_path(engine.resolve().parent / "editor_data" / name, blender)


def switch_off(project_file: Path) -> None:
    """Make a project.godot import everything except .blend files."""
    lines = project_file.read_text().splitlines()
    lines = [line for line in lines if not re.match(rf"{_SWITCH}\s*=", line)]
    if "[filesystem]" not in lines:
        lines += ["", "[filesystem]"]
    lines.insert(lines.index("[filesystem]") + 1, f"{_SWITCH}=false")
    project_file.write_text("\n".join([*lines, ""]))


def is_switched_off(project_file: Path) -> bool:
    """Whether the project's own settings already exclude .blend files from the import."""
    return re.search(rf"^{_SWITCH}\s*=\s*false", project_file.read_text(), re.MULTILINE) is not None


def _import_settings(engine: Path) -> Sequence[str]:
    """The lines about importing in the editor's newest settings; a self-contained engine's own settings come first."""
    places = [engine.resolve().parent / "editor_data"] if _is_self_contained(engine) else []
    places.append(Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "godot")
    for place in places:
        files = sorted(place.glob("editor_settings-4*.tres"), key=lambda path: path.stat().st_mtime_ns)
        lines = files[-1].read_text(errors="replace").splitlines() if files else []
        found = [line for line in lines if line.startswith("filesystem/import/")]
        if found:
            return found
    return []


def _is_self_contained(engine: Path) -> bool:
    return any((engine.resolve().parent / mark).exists() for mark in _SELF_CONTAINED)


def _add_path(settings: Path, blender: Path) -> None:
    text = settings.read_text() if settings.is_file() else _HEADER
    if f'{_PATH} = "{blender}"' in text:
        return
    kept = [line for line in text.splitlines() if not line.startswith(f"{_PATH} ")]
    settings.parent.mkdir(parents=True, exist_ok=True)
    new = settings.with_suffix(f".{os.getpid()}")
    new.write_text("\n".join([*kept, f'{_PATH} = "{blender}"', ""]))
    new.replace(settings)


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
