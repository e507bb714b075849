"""The parameters of a scenario, read from the GDScript that declares them: meaning, default and range."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spacetime_rl.errors import UsageError
from spacetime_rl.game.project import OWN_PROJECT

_RESOURCE = re.compile(r'path="res://([^"]*params\.gd)"')
_EXPORT = re.compile(r"^@export(?:_(range|enum)\((.*?)\))? var (\w+): (\w+) = (.+)$")
_ROOMS = {"bool": "true, false", "String": "a name"}  # of parameters without a range
_ASSIGNMENT = re.compile(r"^\t(\w+) = (.+)$")


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter, set as `scenario.params.<name>`. `room` is its range or its choices, as text."""

    name: str
    type: str
    default: Any
    room: str
    meaning: str


def read_params(scenario: str, project: Path = OWN_PROJECT) -> tuple[Param, ...]:
    """The parameters of a scenario, in the order of declaration. Raises UsageError where it declares none."""
    arena = project / "scenarios" / scenario / "arena.tscn"
    found = _RESOURCE.search(arena.read_text(encoding="utf-8")) if arena.is_file() else None
    if found is None:
        raise UsageError(f"scenario {scenario!r}: {arena} names no script of parameters")
    return tuple(_declared(project / found[1], project).values())


def _declared(script: Path, project: Path) -> dict[str, Param]:
    text = script.read_text(encoding="utf-8")
    base = re.search(r"^extends (\w+)", text, re.MULTILINE)
    params = {} if base is None or base[1] == "RLParams" else _declared(_script_of(base[1], project), project)
    params |= {param.name: param for param in _exports(text.replace(")\nvar ", ") var ").splitlines())}
    _, _, initial = text.partition("func _init() -> void:\n")
    for name, value in _assignments(initial):
        params[name] = replace(params[name], default=_value(name, value))
    return params


def _script_of(name: str, project: Path) -> Path:
    for path in (*project.glob("shared/**/*.gd"), *project.glob("scenarios/**/*.gd")):
        if re.search(rf"^class_name {name}$", path.read_text(encoding="utf-8"), re.MULTILINE):
            return path
    raise UsageError(f"{project}: no script declares the class {name}")


def _exports(lines: list[str]) -> Iterator[Param]:
    meaning: list[str] = []
    for line in lines:
        if line.startswith("## "):
            meaning.append(line[3:].strip())
        elif found := _EXPORT.match(line):
            kind, given, name, type_, default = found.groups()
            room = _room(kind, given) if kind else _ROOMS.get(type_, "any")
            yield Param(name, type_, _value(name, default), room, " ".join(meaning))
            meaning = []
        else:
            meaning = []


def _assignments(body: str) -> Iterator[tuple[str, str]]:
    for line in body.splitlines():
        if line and not line.startswith("\t"):
            return
        if found := _ASSIGNMENT.match(line):
            yield found[1], found[2]


def _room(kind: str, given: str) -> str:
    words = [word.strip().strip('"') for word in given.split(",")]
    return ", ".join(words) if kind == "enum" else f"{words[0]} to {words[1]}"


def _value(name: str, text: str) -> Any:
    try:
        return json.loads(text.partition("#")[0].strip())
    except ValueError:
        raise UsageError(
            f"parameter {name}: its default is {text!r}; expected a number, a text, true or false"
        ) from None


def describe_params(scenario: str) -> str:
    """The parameters of a scenario as a Markdown table for its docs page."""
    rows = [
        f"| `{param.name}` | `{_plain(param.default)}` | {param.room} | {param.meaning} |"
        for param in read_params(scenario)
    ]
    return "\n".join(["| parameter | default | range | meaning |", "|---|---|---|---|", *rows])


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
