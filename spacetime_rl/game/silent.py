"""Why a stock game may never connect, read from its scenes: control modes that do not train, C# scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.game.files import project_files
from spacetime_rl.game.launch import GameLaunch

_RES = "res://"
_SECTION = re.compile(r"^\[(\w+)(.*)\]\s*$")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_RESOURCE = "ext_resource"
_SCRIPT = re.compile(r'^script = ExtResource\("([^"]+)"\)')
_MODE = re.compile(r"^control_mode = (\d+)\s*$")
_MAIN_SCENE = re.compile(r'^run/main_scene="([^"]+)"', re.MULTILINE)
_CONTROLLER = re.compile(r"^(?:extends\s+AIController|class_name\s+AIController)", re.MULTILINE)
_SYNC_MODES = {0: "Human", 2: "Onnx Inference"}  # values of the plugin's Sync node; 1 is Training
# 0 inherits from the Sync node, 2 is Training.
_CONTROLLER_MODES = {1: "Human", 3: "Onnx Inference", 4: "Record Expert Demos"}


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    scene: str  # the file that contains it, relative to the project
    script: str  # its script, relative to the project; empty without one
    mode: int | None  # its control mode; None for the default


def why_silent(launch: GameLaunch) -> str:
    """All reasons found, each as a sentence that begins with a semicolon."""
    return "".join(f"; {reason}" for reason in dict.fromkeys(_reasons(launch)))


def _reasons(launch: GameLaunch) -> Iterator[str]:
    if launch.project is None:
        return
    nodes = list(_nodes(launch.project, launch.scene))
    sharp = sorted({node.script for node in nodes if node.script.endswith(".cs")})
    if sharp:
        yield f"scripts of its scene are C# ({', '.join(sharp[:3])}), which only a Godot built with .NET runs"
    for node in nodes:
        if _is_sync(node):
            if node.mode in _SYNC_MODES:
                yield _in_mode("Sync node", node, _SYNC_MODES[node.mode], "Training")
        elif node.mode in _CONTROLLER_MODES and _is_controller(launch.project, node):
            yield _in_mode("AIController", node, _CONTROLLER_MODES[node.mode], "Training or Inherit From Sync")


def _in_mode(what: str, node: _Node, mode: str, right: str) -> str:
    return f"the {what} {node.name!r} in {node.scene} has the control mode {mode}: it does not train; set it to {right}"


def _is_sync(node: _Node) -> bool:
    """Whether a node is the Sync node. The script of an instanced node is in its own scene, so its name decides."""
    return Path(node.script).stem.lower() == "sync" if node.script else node.name.lower().startswith("sync")


def _is_controller(project: Path, node: _Node) -> bool:
    if not node.script:
        return "controller" in node.name.lower()
    try:
        return bool(_CONTROLLER.search((project / node.script).read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return False


def _nodes(project: Path, scene: str | None) -> Iterator[_Node]:
    """All nodes with a script, of a scene (None: the main one) and of the scenes instanced in it."""
    waiting = [name] if (name := scene or _main_scene(project)) else []
    seen: set[str] = set()
    while waiting:
        name = _path_of(project, waiting.pop())
        if name in seen or not name.endswith(".tscn"):
            continue
        seen.add(name)
        try:
            text = (project / name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        resources = _resources(text)
        waiting += resources.values()
        yield from _nodes_of(text, name, resources)


def _main_scene(project: Path) -> str | None:
    try:
        settings = (project / "project.godot").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    found = _MAIN_SCENE.search(settings)
    return found[1] if found else None


def _path_of(project: Path, name: str) -> str:
    """The path of a resource relative to the project; a UID is searched for among the scenes."""
    if name.startswith("uid://"):
        scenes = (path for path in project_files(project) if path.suffix == ".tscn")
        found = next((path for path in scenes if f'uid="{name}"' in _first_line(path)), None)
        return str(found.relative_to(project)) if found else ""
    return name.removeprefix(_RES)


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.readline()


def _resources(text: str) -> Mapping[str, str]:
    """The files that a scene refers to, by resource id."""
    sections = (_SECTION.match(line) for line in text.splitlines())
    attributes = (dict(_ATTRIBUTE.findall(section[2])) for section in sections if section and section[1] == _RESOURCE)
    return {a["id"]: a["path"].removeprefix(_RES) for a in attributes if "id" in a and "path" in a}


def _nodes_of(text: str, scene: str, resources: Mapping[str, str]) -> Iterator[_Node]:
    name, script, mode = None, "", None
    for line in [*text.splitlines(), "[end]"]:
        section = _SECTION.match(line)
        if section is None:
            if found := _SCRIPT.match(line):
                script = resources.get(found[1], "")
            elif found := _MODE.match(line):
                mode = int(found[1])
            continue
        if name is not None and (script or mode is not None):
            yield _Node(name, scene, script, mode)
        name = dict(_ATTRIBUTE.findall(section[2])).get("name") if section[1] == "node" else None
        script, mode = "", None
