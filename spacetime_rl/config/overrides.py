"""`--set a.b=c` from the command line, as a document to lay over the files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from pydantic import BaseModel

from spacetime_rl.config.document import Document, KeyPath, parse_value


def parse_overrides(overrides: Sequence[str], model: type[BaseModel]) -> Document:
    """Read `key=value` pairs: dotted keys, YAML values.

    A single word that is no top-level key of `model` but the name of just one setting below stands for that setting:
    `lr=1e-4` is `training.lr=1e-4`. Mistakes are in the result's `problems`.
    """
    document = Document()
    for text in overrides:
        document = document.under(_one(text, model))
    return document


def _one(text: str, model: type[BaseModel]) -> Document:
    key, equals, value_text = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        return Document(problems=(f"--set {text}: expected key=value, for example training.lr=1e-4",))
    try:
        value = _value(value_text)
    except yaml.YAMLError:
        return Document(problems=(f"--set {text}: {value_text!r} is not a YAML value",))
    path: KeyPath = tuple(parts) if len(parts) > 1 else _expand(parts[0], model)
    data: Any = value
    for part in reversed(path):
        data = {part: data}
    return Document(data, {path: "--set"})


def _value(text: str) -> Any:
    """What YAML reads, but that text is whole: nobody writes comments in a command."""
    value = parse_value(text)
    return text.strip() if isinstance(value, str) and " #" in text and " #" not in value else value


def _expand(word: str, model: type[BaseModel]) -> KeyPath:
    found = [path for path in setting_paths(model) if path[-1] == word]
    return found[0] if word not in model.model_fields and len(found) == 1 else (word,)


def setting_paths(model: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    """The paths of all settings in the fixed sections of a model."""
    for name, field in model.model_fields.items():
        yield (*prefix, name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_paths(field.annotation, (*prefix, name))


def split_section(overrides: Sequence[str], section: str) -> tuple[list[str], list[str]]:
    """The overrides of a section, without its name, and the others."""
    head = f"{section}."
    own = [override.removeprefix(head) for override in overrides if override.startswith(head)]
    return own, [override for override in overrides if not override.startswith(head)]
