"""From a sweep's YAML file to a `SweepConfig`, or to the list of everything that is wrong with it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from spacetime_rl.config.document import Document, KeyPath
from spacetime_rl.config.foreign import lay_over, leave_out_foreign
from spacetime_rl.config.loader import SWEEP, attempt, read, validate, where, without
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.overrides import parse_overrides
from spacetime_rl.config.packaged import find_config
from spacetime_rl.config.problems import contradictions_in, field_mistakes
from spacetime_rl.config.search_space import Domain, DomainError, is_long_form, parse_domain
from spacetime_rl.config.sweep import Path, SweepConfig, SweepSettings, dotted, lay
from spacetime_rl.config.sweep_rules import sweep_contradictions
from spacetime_rl.errors import ConfigError

_log = logging.getLogger(__name__)

Mistakes = dict[KeyPath, str]
Space = dict[KeyPath, tuple[KeyPath, Domain]]  # by setting: where it is written, and what is drawn


def load_sweep(
    path: str | FilePath, overrides: Sequence[str] = (), scenarios: Collection[str] | None = None
) -> SweepConfig:
    """Read a sweep: a file, or the name of a packaged one; `overrides` may change the run and the search (`sweep.…`).

    Raises ConfigError listing every mistake as `file:line: dotted.key: what`.
    """
    own = parse_overrides(overrides, RunConfig)
    files, note = leave_out_foreign(read(find_config(path), ()), own)
    if note:
        _log.warning(note)
    document = lay_over(files, own)
    section = document.data.pop(SWEEP, None)
    if section is None:
        raise ConfigError([f"{path}: is a run, not a sweep: it has no `{SWEEP}:`; start it with `spacetime-rl train`"])
    found: dict[KeyPath, Any] = dict(_in_place(document.data, ()))
    document = replace(document, data=_with_examples(document.data, found))
    base = validate(document, scenarios, str(path))
    mistakes: Mistakes = {}
    settings = _settings(section, mistakes)
    space = _space(settings, found, mistakes)
    for written, message in _probe(document.data, space):
        mistakes.setdefault(written, message)
    sweep = SweepConfig(base, settings, {_words(path): domain for path, (_, domain) in space.items()})
    if not mistakes:
        mistakes |= {contradiction.path: contradiction.message for contradiction in sweep_contradictions(sweep)}
    if mistakes:
        raise ConfigError([f"{where(document, key, str(path))}{message}" for key, message in mistakes.items()])
    return sweep


def _in_place(data: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """Where the run itself says `{tune: …}` in place of a value."""
    if is_long_form(data):
        yield path, data
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _in_place(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _in_place(value, (*path, index))


def _with_examples(data: dict[str, Any], found: Mapping[KeyPath, Any]) -> dict[str, Any]:
    """The run with one value for each of them, so that it is a run."""
    for path, value in found.items():
        try:
            example = next(parse_domain(value).probes())
        except DomainError:
            example = None  # which is told when the space is read
        data = lay(data, _words(path), example)
    return data


def _settings(section: Any, mistakes: Mistakes) -> SweepSettings:
    if not isinstance(section, dict):
        mistakes[SWEEP,] = f"expected keys and values, found {section!r}"
        return SweepSettings()
    settings, error = attempt(section, SweepSettings)
    wrong = field_mistakes(error, Document(section), SweepSettings) if error else {}
    mistakes |= {(SWEEP, *path): message for path, message in wrong.items()}
    return settings or SweepSettings.model_validate(without(section, wrong))


def _space(settings: SweepSettings, found: Mapping[KeyPath, Any], mistakes: Mistakes) -> Space:
    """What is drawn for which setting, whichever way it was written."""
    written: dict[KeyPath, tuple[KeyPath, Any]] = {path: (path, value) for path, value in found.items()}
    for name, value in settings.space.items():
        path: KeyPath = tuple(name.split("."))
        key: KeyPath = (SWEEP, "space", name)
        if path in written:
            mistakes[key] = f"{name} has a distribution for it already"
        written[path] = (key, value)
    space: Space = {}
    for path, (key, value) in written.items():
        try:
            space[path] = (key, parse_domain(value))
        except DomainError as error:
            mistakes[key] = str(error)
    if not written and not mistakes:
        mistakes[SWEEP, "space"] = (
            "no setting is searched; add one, for example `training.lr: {loguniform: [1.0e-4, 1.0e-3]}`"
        )
    return space


def _probe(data: dict[str, Any], space: Space) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with the values at the ends of each domain, the other settings as they are."""
    for path, (written, domain) in space.items():
        for value in domain.probes():
            candidate = lay(data, _words(path), value)
            _, error = attempt(candidate, RunConfig)
            for key, message in _why_not(error, candidate) if error else ():
                where_else = "" if key == path else f"{dotted(_words(key))}: "
                yield written, f"{value!r}, which may be drawn: {where_else}{message}"


def _why_not(error: ValidationError, data: dict[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    yield from field_mistakes(error, Document(data), RunConfig).items()
    yield from ((found.path, found.message) for found in contradictions_in(error))


def _words(path: KeyPath) -> Path:
    return tuple(map(str, path))
