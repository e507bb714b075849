"""A project that knows nothing of reinforcement learning: what is added to our copy of it, so that it can be played.

The user's folder is only read. In the copy are the addon, an autoload that comes first, and scripts whose dice and
clocks follow the episode's seed and the game's own time.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.game.engine import Godot
from spacetime_rl.game.files import ADDON, project_files
from spacetime_rl.game.project import OWN_PROJECT, content_hash
from spacetime_rl.game.project_settings import get_setting, set_setting, set_setting_first

_STOCK_ADDON = Path("addons", "godot_rl_agents")
_AUTOLOAD = '"*res://addons/spacetime_rl/unchanged/rl_unchanged.gd"'
_DEFAULT_HZ = 60  # of the engine

# What would differ from run to run, and what stands in for it; none changes the number of lines.
_STAND_INS = (
    (re.compile(r"(?<![\w.])randomize\(\)"), "RLStandIn.sow()"),
    (re.compile(r"\.randomize\(\)"), '.set("seed", RLStandIn.draw())'),
    (re.compile(r"\bRandomNumberGenerator\.new\(\)"), "RLStandIn.generator()"),
    (re.compile(r"\bTime\.get_ticks_msec\(\)"), "RLStandIn.msec()"),
    (re.compile(r"\bTime\.get_ticks_usec\(\)"), "RLStandIn.usec()"),
    (re.compile(r"\bTime\.get_unix_time_from_system\(\)"), "RLStandIn.unix_time()"),
    (re.compile(r"\bInput\.(mouse_mode\b|[sg]et_mouse_mode\()"), r"RLStandIn.\1"),
)
_OWN_RANDOMIZE = re.compile(r"^\s*(?:static\s+)?func\s+randomize\s*\(", re.MULTILINE)
_UI_ACTION = re.compile(r"""["'](ui_\w+)["']""")
_FOCUS = re.compile(r"\bgrab_focus\b")  # a menu for the keyboard: without this call nothing has the focus
_MENU_ACTIONS = {"ui_accept", "ui_cancel", "ui_up", "ui_down", "ui_left", "ui_right"}
_BODY = re.compile(r'\btype="\w*(?:Body|Area|Camera|Sprite|MeshInstance|Node)([23]D)"')


@dataclass(frozen=True, slots=True)
class Unchanged:
    """How such a project is played."""

    watch: tuple[str, ...] = ()  # `group:NAME`, names of nodes, or classes; empty: the likely player
    actions: tuple[str, ...] = ()  # patterns of actions of the input map; empty: the project's own
    clicks: bool = True  # also beside controls
    seconds: float = 30.0  # of game time in an episode

    @property
    def kind(self) -> str:
        """What tells the prepared copies of a project from others."""
        return f"-played-{content_hash(OWN_PROJECT / ADDON)[:8]}"

    def prepare(self, copy: Path) -> None:
        """Add to a copy of a project what plays it."""
        settings = copy / "project.godot"
        text = settings.read_text(encoding="utf-8")
        scripts = list(_scripts(copy))
        text = set_setting(text, "spacetime_rl", "unit", f'"{_unit(copy)}"')
        text = set_setting(text, "spacetime_rl", "ui_actions", f"PackedStringArray({_ui_actions(text, scripts)})")
        # Threads of their own would end a tick at another moment each time.
        for space in ("2d", "3d"):
            text = set_setting(text, "physics", f"{space}/run_on_separate_thread", "false")
        for stream in ("stdout", "stderr"):
            text = set_setting(text, "application", f"run/disable_{stream}", "false")
        settings.write_text(set_setting_first(text, "autoload", "RLUnchanged", _AUTOLOAD), encoding="utf-8")
        _replace_dice(scripts)
        shutil.copytree(OWN_PROJECT / ADDON, copy / ADDON, ignore=shutil.ignore_patterns(".godot", "*.uid"))


def knows_of_learning(project: Path) -> bool:
    """Whether a project has an addon for reinforcement learning: ours, or that of Godot RL Agents."""
    return any((project / addon).is_dir() for addon in (ADDON, _STOCK_ADDON))


def physics_hz_of(project: Path) -> int:
    """Physics ticks a second of a project."""
    text = (project / "project.godot").read_text(encoding="utf-8", errors="replace")
    found = get_setting(text, "physics", "common/physics_ticks_per_second") or ""
    return int(found) if found.isdecimal() and int(found) > 0 else _DEFAULT_HZ


def refuse_what_cannot_be_played(project: Path, scene: str | None, godot: Godot) -> None:
    """Raises UsageError for a project that cannot be played unchanged, and says why."""
    text = (project / "project.godot").read_text(encoding="utf-8", errors="replace")
    if knows_of_learning(project):
        raise UsageError(
            f"{project} has an addon for reinforcement learning (in addons/): it brings its own agents, and cannot be "
            "played as one that knows nothing of it; leave out game.unchanged and --project"
        )
    if (found := _csharp(project, text)) and "mono" not in godot.version_text:
        raise UsageError(
            f"{project} is a C# project ({found}), and Godot {godot.version_text} is built without .NET: its scripts "
            "would not run; only projects in GDScript can be played unchanged"
        )
    loop = get_setting(text, "application", "run/main_loop_type") or '"SceneTree"'
    if loop != '"SceneTree"':
        raise UsageError(
            f"{project} has a main loop of its own (application/run/main_loop_type={loop}); only projects whose main "
            "loop is SceneTree can be played unchanged"
        )
    if scene is None and not get_setting(text, "application", "run/main_scene"):
        raise UsageError(f"{project} has no main scene (application/run/main_scene); name one as game.scene: res://…")


def _csharp(project: Path, text: str) -> str | None:
    if get_setting(text, "dotnet", "project/assembly_name"):
        return "[dotnet] in project.godot"
    return next((path.name for path in project_files(project) if path.suffix in (".csproj", ".cs")), None)


def _scripts(copy: Path) -> Iterator[Path]:
    return (path for path in project_files(copy) if path.suffix == ".gd")


def _unit(copy: Path) -> str:
    """Whether the scenes are mostly on a plane, measured in pixels, or in space, in metres."""
    nodes = [
        dimension
        for path in project_files(copy)
        if path.suffix == ".tscn"
        for dimension in _BODY.findall(path.read_text(encoding="utf-8", errors="replace"))
    ]
    return "m" if nodes.count("3D") > nodes.count("2D") else "px"


def _ui_actions(text: str, scripts: list[Path]) -> str:
    """The engine's own actions that the project names in its input map or its scripts, or needs for its menus."""
    found = set(re.findall(r"^(ui_\w+)=", text, re.MULTILINE))
    for script in scripts:
        code = script.read_text(encoding="utf-8", errors="replace")
        found |= set(_UI_ACTION.findall(code))
        found |= _MENU_ACTIONS if _FOCUS.search(code) else set()
    return ", ".join(f'"{action}"' for action in sorted(found))


def _replace_dice(scripts: list[Path]) -> None:
    texts = {script: script.read_text(encoding="utf-8", errors="surrogateescape") for script in scripts}
    own = any(_OWN_RANDOMIZE.search(text) for text in texts.values())  # then the word may mean another function
    for script, text in texts.items():
        played = text
        for pattern, stand_in in _STAND_INS[2 if own else 0 :]:
            played = pattern.sub(stand_in, played)
        if played != text:
            script.write_text(played, encoding="utf-8", errors="surrogateescape", newline="")
