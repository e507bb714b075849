"""Put the addon into a game's project, or a newer one in place of an older, and enable its plugin."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.game.files import ADDON
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.game.project_settings import get_setting, set_setting

_PLUGIN = f'"res://{ADDON.as_posix()}/plugin.cfg"'
# What the plugin does when somebody enables it in the editor.
_AUTOLOAD = f'"*res://{ADDON.as_posix()}/core/rl_boot.gd"'
_MADE_BY_GODOT = ("*.import", ".godot")


@dataclass(frozen=True, slots=True)
class Added:
    """`before` and `now` are versions of the addon; `before` is empty where there was none. `enabled`: by this call."""

    folder: Path
    before: str
    now: str
    enabled: bool


def add_addon(project: Path) -> Added:
    """Copy the addon into `project/addons` and enable it in project.godot; the copy that was there is replaced.

    Files that the game's build made in the addon's folder, such as the native library, are not in the new copy. A crash
    leaves the old addon or the new one, never a part. Raises UsageError where there is no Godot project.
    """
    settings = project / "project.godot"
    if not settings.is_file():
        raise UsageError(f"godot addon: {project}: expected the folder of a Godot project, with its project.godot")
    source, target = OWN_PROJECT / ADDON, project / ADDON
    if target.resolve() == source.resolve():
        raise UsageError(f"godot addon: {project} is the package's own project, which has the addon already")
    before = _version(target) if target.is_dir() else ""
    target.parent.mkdir(exist_ok=True)
    fresh, old = (target.with_name(f".spacetime_rl.{what}.{os.getpid()}") for what in ("new", "old"))
    shutil.copytree(source, fresh, ignore=shutil.ignore_patterns(*_MADE_BY_GODOT))
    if target.is_dir():
        _keep_uids(target, fresh)
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return Added(target, before, _version(target), _enable(settings))


def has_addon(project: Path) -> bool:
    """Whether a project has the addon, enabled or not."""
    return (project / ADDON / "plugin.cfg").is_file()


def is_enabled(settings: str) -> bool:
    """Whether the plugin is enabled in the text of a project.godot."""
    return _PLUGIN in (get_setting(settings, "editor_plugins", "enabled") or "")


def _keep_uids(target: Path, fresh: Path) -> None:
    """Keep the names that Godot gave the scripts: the project's scenes and policies know them by these."""
    for uid in target.rglob("*.uid"):
        place = fresh / uid.relative_to(target)
        if place.with_suffix("").is_file() and not place.exists():
            shutil.copyfile(uid, place)


def _enable(settings: Path) -> bool:
    text = settings.read_text(encoding="utf-8")
    changed = set_setting(text, "autoload", "RLBoot", _AUTOLOAD)
    if not is_enabled(text):
        others = re.findall(r'"[^"]*"', get_setting(text, "editor_plugins", "enabled") or "")
        changed = set_setting(
            changed, "editor_plugins", "enabled", f"PackedStringArray({', '.join([*others, _PLUGIN])})"
        )
    if changed == text:
        return False
    partial = settings.with_name(f".project.godot.{os.getpid()}")
    partial.write_text(changed, encoding="utf-8")
    partial.replace(settings)
    return True


def _version(addon: Path) -> str:
    try:
        text = (addon / "plugin.cfg").read_text(encoding="utf-8")
    except OSError:
        return "unknown"
    return (get_setting(text, "plugin", "version") or "unknown").strip('"')
