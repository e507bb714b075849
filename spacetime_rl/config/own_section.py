"""A section of a configuration that one command reads and no other, such as `playtest:` or `gate:`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from spacetime_rl.config.document import Document, KeyPath
from spacetime_rl.config.foreign import lay_over, leave_out_foreign
from spacetime_rl.config.loader import OWN_SECTIONS, attempt, read, validate, where
from spacetime_rl.config.merge import deep_merge
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.overrides import parse_overrides
from spacetime_rl.config.packaged import find_config
from spacetime_rl.config.problems import field_mistakes
from spacetime_rl.config.section import Section
from spacetime_rl.errors import ConfigError

S = TypeVar("S", bound=Section)


def load_with(
    path: str | Path,
    name: str,
    model: type[S],
    overrides: Sequence[str] = (),
    scenarios: Collection[str] | None = None,
    say: Callable[[str], None] = print,
) -> tuple[RunConfig, S]:
    """Read a configuration with its section `name`, which may be missing; overrides may set `name.…`, too.

    Raises ConfigError listing every mistake as `file:line: dotted.key: what`.
    """
    own = parse_overrides(overrides, RunConfig)
    files, note = leave_out_foreign(read(find_config(path), ()), own)
    if note:
        say(note)
    document = lay_over(files, own)
    sections = {other: document.data.pop(other, None) for other in OWN_SECTIONS}
    problems: list[str] = []
    settings, mistakes = _settings(sections[name] or {}, name, model)
    problems += [f"{where(document, place, str(path))}{message}" for place, message in mistakes.items()]
    try:
        config = validate(document, scenarios, str(path))
    except ConfigError as error:
        raise ConfigError([*error.problems, *problems]) from None
    if problems or settings is None:
        raise ConfigError(problems)
    return config, settings


def with_overrides(settings: S, name: str, overrides: Sequence[str], replaced: Mapping[str, Any] | None = None) -> S:
    """A section with other settings: `key=value` of it, and values that replace whole keys. Raises ConfigError."""
    changes = parse_overrides(overrides, type(settings))
    if changes.problems:
        raise ConfigError(changes.problems)
    data = deep_merge(settings.model_dump(mode="json"), changes.data) | dict(replaced or {})
    changed, mistakes = _settings(data, name, type(settings))
    if changed is None:
        raise ConfigError([f"{'.'.join(map(str, path))}: {message}" for path, message in mistakes.items()])
    return changed


def _settings(section: Any, name: str, model: type[S]) -> tuple[S | None, dict[KeyPath, str]]:
    if not isinstance(section, dict):
        return None, {(name,): f"expected keys and values, found {section!r}"}
    settings, error = attempt(section, model)
    wrong = field_mistakes(error, Document(section), model) if error else {}
    return settings, {(name, *path): message for path, message in wrong.items()}
