"""YAML files as plain data that remembers where each key was written."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from spacetime_rl.config.merge import deep_merge
from spacetime_rl.config.numbers import DECIMAL, FIRST_CHARACTERS, WHOLE, read_number
from spacetime_rl.errors import ConfigError

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, `origins[key path]` saying where it was written (`file:line`), and mistakes found on the way."""

    data: dict[str, Any] = field(default_factory=dict)
    origins: dict[KeyPath, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def under(self, over: Document) -> Document:
        """This document with another one laid over it."""
        return Document(deep_merge(self.data, over.data), self.origins | over.origins, (*self.problems, *over.problems))

    def origin(self, path: KeyPath) -> str | None:
        """Where `path`, or else the nearest key above it, was written."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]]
        return None


def read_document(path: Path) -> Document:
    """Read one YAML file. Raises ConfigError where it cannot be read or is not one mapping."""
    try:
        text = path.read_text(encoding="utf-8")
        loader = _Loader(text)
        node = loader.get_single_node()
        data = {} if node is None else loader.construct_document(node)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError([f"{path}:{line}: not valid YAML: {error.problem}"]) from error
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: not valid YAML: {error}"]) from error
    if not data:
        raise ConfigError([f"{path}: the file is empty; it needs at least `scenario: {{name: …}}`"])
    if not isinstance(data, dict):
        raise ConfigError([f"{path}: expected keys and values, found a {type(data).__name__}"])
    problems = tuple(f"{path}:{problem}" for problem in loader.problems)
    try:
        origins = {key: f"{path}:{line}" for key, line in _lines(node, ())}
    except RecursionError as error:
        raise ConfigError([f"{path}: an alias (`*name`) contains itself"]) from error
    return Document(data, origins, problems)


def parse_value(text: str) -> Any:
    """One YAML value, read by the same rules as a file. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)  # a SafeLoader


def _lines(node: yaml.Node | None, path: KeyPath) -> Iterator[tuple[KeyPath, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            yield here, key.start_mark.line + 1
            yield from _lines(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield (*path, index), value.start_mark.line + 1
            yield from _lines(value, (*path, index))


class _Loader(yaml.SafeLoader):
    """YAML as users expect it: numbers as in `numbers.py`, only true and false are booleans, no key twice, keys as
    they are written, dates are text."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.problems: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        first_line: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in first_line:
                self.problems.append(f"{line}: {name}: written twice; first in line {first_line[name]}")
            first_line.setdefault(name, line)
        self.flatten_mapping(node)
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                key.tag = f"{_PREFIX}str"  # a policy may be called 007, null or true
        return {str(key): value for key, value in super().construct_mapping(node, deep).items()}

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        text = self.construct_text(node)
        number = read_number(text)
        if number is None:
            raise yaml.constructor.ConstructorError(None, None, f"{text[:40]!r} is not a number", node.start_mark)
        return number

    def construct_text(self, node: yaml.ScalarNode) -> str:
        return str(self.construct_scalar(node))

    def construct_truth(self, node: yaml.ScalarNode) -> bool:
        text = self.construct_text(node)
        if not _TRUTH.match(text):
            raise yaml.constructor.ConstructorError(
                None, None, f"{text[:40]!r} is neither true nor false", node.start_mark
            )
        return text.lower() == "true"


def _without(resolvers: Mapping[str, list[Any]], tags: set[str]) -> dict[str, list[Any]]:
    return {first: [(tag, regex) for tag, regex in rules if tag not in tags] for first, rules in resolvers.items()}


_PREFIX = "tag:yaml.org,2002:"
_TRUTH = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_Loader.yaml_implicit_resolvers = _without(
    yaml.SafeLoader.yaml_implicit_resolvers, {f"{_PREFIX}{kind}" for kind in ("int", "float", "bool", "timestamp")}
)
_Loader.add_implicit_resolver(f"{_PREFIX}bool", _TRUTH, list("tTfF"))
_Loader.add_implicit_resolver(f"{_PREFIX}int", WHOLE, list(FIRST_CHARACTERS))
_Loader.add_implicit_resolver(f"{_PREFIX}float", DECIMAL, list(FIRST_CHARACTERS))
_Loader.add_constructor(f"{_PREFIX}int", _Loader.construct_number)
_Loader.add_constructor(f"{_PREFIX}float", _Loader.construct_number)
_Loader.add_constructor(f"{_PREFIX}bool", _Loader.construct_truth)
_Loader.add_constructor(f"{_PREFIX}timestamp", _Loader.construct_text)
RESOLVERS = _Loader.yaml_implicit_resolvers  # which plain text is no text
