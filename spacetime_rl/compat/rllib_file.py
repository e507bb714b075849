"""Reads the YAML file of `rllib_training_script.py`, and the controller's JSON file that is laid over it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spacetime_rl.compat.rllib_keys import FLAT, KEYS, POLICY
from spacetime_rl.compat.translate import Translation, translate
from spacetime_rl.config.document import read_document
from spacetime_rl.errors import ConfigError

FOLDER = ".rlcontroller"
OVER = "training_config.json"
_SECTIONS = ("config", "rllib", "rllib_config", "training", "settings")  # whose content is as if it stood outside
_MULTIAGENT = "multiagent"
_POLICIES, _MAPPING = "policies", "policy_mapping_fn"


@dataclass(frozen=True, slots=True)
class RllibFile:
    """What a file says: our settings, its policies' names, and the source text of its mapping function, if any."""

    file: Path
    settings: Translation
    policies: tuple[str, ...]
    mapping: str | None
    left_out: tuple[str, ...]  # sentences about what the controller's file says and nothing here reads


def read_rllib_file(file: Path) -> RllibFile:
    """Read a file, and the controller's training_config.json if there is one. Nothing in them is run.

    Raises ConfigError that lists every unknown key and every setting that has no counterpart here.
    """
    data = _flattened(read_document(file).data)
    multiagent = data.pop(_MULTIAGENT, None) or {}
    if not isinstance(multiagent, Mapping):
        raise ConfigError([f"{file}: {_MULTIAGENT}: expected keys and values, found {multiagent!r}"])
    own, mapping = dict(multiagent), multiagent.get(_MAPPING)
    names, policies = _policies(own.pop(_POLICIES, None), file)
    own.pop(_MAPPING, None)
    if mapping is not None and not isinstance(mapping, str):
        raise ConfigError([f"{file}: {_MULTIAGENT}.{_MAPPING}: expected the source text of a function"])
    said = translate({**data, **({_MULTIAGENT: own} if own else {})}, KEYS, str(file)).over(policies)
    problems = [*said.unknown, *said.problems]
    over = _read_over(file)
    problems += over.problems
    if problems:
        raise ConfigError(problems)
    return RllibFile(file, _settled(over.over(said)), names, mapping, tuple(over.unknown))


def _flattened(data: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        if key in _SECTIONS and isinstance(value, Mapping):
            found |= _flattened(value)
        else:
            found[key] = value
    return found


def _policies(said: Any, file: Path) -> tuple[tuple[str, ...], Translation]:
    """The names of the policies, and what each says for itself."""
    own = dict.fromkeys(said) if isinstance(said, list) else said or {}
    if not isinstance(own, Mapping):
        raise ConfigError([f"{file}: {_MULTIAGENT}.{_POLICIES}: expected policies by name, found {said!r}"])
    found = Translation({f"policies.{name}": {} for name in own})
    for name, settings in own.items():
        under, prefix = f"{_MULTIAGENT}.{_POLICIES}.{name}", f"policies.{name}."
        found = translate(settings or {}, POLICY, str(file), under, prefix).over(found)
    return tuple(map(str, own)), found


def _read_over(file: Path) -> Translation:
    """The controller's file: beside the YAML file if that lies in its folder, otherwise in the project's."""
    place = file.parent if file.parent.name == FOLDER else file.parent / FOLDER
    over = place / OVER
    if not over.is_file():
        return Translation()
    try:
        data = json.loads(over.read_text(encoding="utf-8"))
    except ValueError as error:
        return Translation(problems=[f"{over}: not valid JSON: {error}"])
    if not isinstance(data, dict):
        return Translation(problems=[f"{over}: expected keys and values, found a {type(data).__name__}"])
    return translate(_flattened(data), FLAT, str(over))


def _settled(said: Translation) -> Translation:
    """What follows from several settings together."""
    settings = dict(said.settings)
    for key in said.settings:
        section, lstm, _ = key.partition("model.lstm.")
        if lstm and f"{section}model.lstm" not in settings:  # sizes of a memory that is not used
            del settings[key]
    if any(key.startswith("stop.") for key in settings):  # then our own default is no further end
        settings.setdefault("stop.agent_steps", None)
    return replace(said, settings=settings)
