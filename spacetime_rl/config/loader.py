"""From a YAML file and `--set` overrides to a `RunConfig`, or to the list of everything that is wrong with them."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from spacetime_rl.config.document import Document, KeyPath, read_document
from spacetime_rl.config.foreign import lay_over, leave_out_foreign
from spacetime_rl.config.idle import idle_settings
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.overrides import parse_overrides
from spacetime_rl.config.packaged import find_config, find_preset, packaged
from spacetime_rl.config.problems import contradictions_in, field_mistakes, with_whole_numbers
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import ConfigError

_log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
SWEEP = "sweep"  # the section that makes a run a search
PLAYTEST, GATE = "playtest", "gate"
OWN_SECTIONS = (PLAYTEST, GATE)  # sections that the command of that name reads, and those for training do not


def load(
    path: str | Path | None,
    overrides: Sequence[str] = (),
    scenarios: Collection[str] | None = None,
    preset: str | Path | None = None,
    say: Callable[[str], None] = _log.warning,
) -> RunConfig:
    """Read a configuration: a file, the name of a packaged one, or None for the defaults.

    A `preset` is laid over it, then `overrides`: `a.b=c` with YAML values. `scenarios` are the valid scenario names;
    None leaves the name unchecked. Where overrides choose another `algorithm`, settings of the file that it does not
    read are left out, and `say` receives which.

    Raises ConfigError listing every mistake as `file:line: dotted.key: what`.
    """
    files = Document() if path is None else read(find_config(path), ())
    if preset is not None:
        files = lay_over(files, read(find_preset(preset), ()))
    return _lay(files, overrides, scenarios, str(path or "configuration"), say)


def change(
    config: RunConfig,
    overrides: Sequence[str],
    scenarios: Collection[str] | None = None,
    say: Callable[[str], None] = _log.warning,
) -> RunConfig:
    """A configuration with `overrides` laid over it, checked as one from a file. See `load`."""
    return _lay(Document(config.to_dict()), overrides, scenarios, config.name, say)


def _lay(
    files: Document,
    overrides: Sequence[str],
    scenarios: Collection[str] | None,
    title: str,
    say: Callable[[str], None],
) -> RunConfig:
    own = parse_overrides(overrides, RunConfig)
    files, note = leave_out_foreign(files, own)
    for section in OWN_SECTIONS:
        files.data.pop(section, None)
    config = validate(lay_over(files, own), scenarios, title)
    if note:
        say(note)
    return config


def read(path: Path, chain: tuple[Path, ...]) -> Document:
    """A file laid over what it extends."""
    resolved = path.resolve()
    if resolved in chain:
        names = " -> ".join(p.name for p in (*chain[chain.index(resolved) :], resolved))
        raise ConfigError([f"{path}: extends: a cycle: {names}"])
    own = read_document(path)
    bases, problems = _bases(own, path)
    own.data.pop("extends", None)
    document = Document(problems=problems)
    for base in bases:
        document = lay_over(document, read(base, (*chain, resolved)))
    return lay_over(document, own)


def _bases(document: Document, path: Path) -> tuple[list[Path], tuple[str, ...]]:
    value = document.data.get("extends", [])
    names = [value] if isinstance(value, str) else value
    where = f"{document.origin(('extends',)) or path}: extends"
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return [], (f"{where}: expected the path of a file, or a list of paths, found {value!r}",)
    bases = {name: path.parent / name if (path.parent / name).is_file() else packaged(name) for name in names}
    missing = tuple(
        f"{where}: no such file, nor a packaged one: {name}" for name, base in bases.items() if base is None
    )
    return [base for base in bases.values() if base is not None], missing


def validate(document: Document, scenarios: Collection[str] | None, name: str) -> RunConfig:
    """The configuration that a document says. Raises ConfigError with every mistake."""
    mistakes: dict[KeyPath, str] = {}
    config, error = attempt(document.data, RunConfig)
    if error is not None:
        mistakes = field_mistakes(error, document, RunConfig)
    if mistakes:  # the contradictions between the settings that are right
        _, error = attempt(without(document.data, mistakes), RunConfig)
    for found in contradictions_in(error) if error else ():
        if not any(_overlap(path, mistake) for path in (found.path, *found.others) for mistake in mistakes):
            mistakes[found.path] = found.message
    for idle in idle_settings(config) if config else ():
        mistakes.setdefault(idle.path, idle.message)
    mistakes |= _unknown_scenario(document, scenarios)
    if SWEEP in document.data:
        mistakes[SWEEP,] = "is a sweep, not a run; start it with `spacetime-rl sweep`"
    problems = [*document.problems, *(f"{where(document, p, name)}{m}" for p, m in mistakes.items())]
    if problems or config is None:
        raise ConfigError(problems)
    return config


def attempt(data: dict[str, Any], model: type[M]) -> tuple[M | None, ValidationError | None]:
    """Strict: `"8"` is no number, but 1e6 is a whole one. JSON, because there a list is a tuple and text is a path."""
    try:
        return model.model_validate_json(json.dumps(data, default=str, allow_nan=True), strict=True), None
    except ValidationError as error:
        repaired = with_whole_numbers(data, error)
        return (None, error) if repaired is None else attempt(repaired, model)


def without(data: dict[str, Any], paths: Iterable[KeyPath]) -> dict[str, Any]:
    """The data with wrong settings taken out, whole top-level sections where that is not possible."""
    rest = copy.deepcopy(data)
    for path in paths:
        section: Any = rest
        for step in path[:-1]:
            section = section.get(step) if isinstance(section, dict) else None
        if isinstance(section, dict):
            section.pop(path[-1], None)
        else:
            rest.pop(str(path[0]), None)
    return rest


def _overlap(one: KeyPath, other: KeyPath) -> bool:
    shared = min(len(one), len(other))
    return one[:shared] == other[:shared]


def _unknown_scenario(document: Document, scenarios: Collection[str] | None) -> dict[KeyPath, str]:
    if scenarios is None:
        return {}
    section, tasks = document.data.get("scenario"), document.data.get("tasks")
    named: dict[KeyPath, Any] = {("scenario", "name"): section.get("name") if isinstance(section, dict) else None}
    for index, task in enumerate(tasks if isinstance(tasks, list) else ()):
        named["tasks", index, "scenario"] = task.get("scenario") if isinstance(task, dict) else None
    known = f"; scenarios: {', '.join(sorted(scenarios))}"
    return {
        path: f"unknown scenario {name!r}{did_you_mean(name, scenarios)}{known}"
        for path, name in named.items()
        if isinstance(name, str) and name not in scenarios
    }


def where(document: Document, path: KeyPath, name: str) -> str:
    """`file:line: dotted.key: `, the beginning of a mistake."""
    key = ".".join(map(str, path))
    return f"{document.origin(path) or name}: {key}: " if key else f"{name}: "
