"""Settings in the words of another program, translated to ours by a table; what has no counterpart is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from spacetime_rl.config.document import Document
from spacetime_rl.config.words import did_you_mean

# Our settings by dotted key, for a value of theirs. Raises Refusal with the reason for a value without a counterpart.
Rule = Callable[[Any], Mapping[str, Any]]
Table = Mapping[str, Rule]  # by their dotted key


class Refusal(ValueError):
    """Why a setting is not taken."""


def to(key: str, convert: Callable[[Any], Any] | None = None) -> Rule:
    """Their value is the value of our `key`, converted if need be."""
    return lambda value: {key: convert(value) if convert else value}


def only(*accepted: Any, reason: str) -> Rule:
    """Only these values are what is done here; others are refused."""

    def check(value: Any) -> Mapping[str, Any]:
        if value not in accepted:
            raise Refusal(f"{value!r}: {reason}")
        return {}

    return check


def refused(reason: str) -> Rule:
    """No value is taken."""

    def refuse(_: Any) -> Mapping[str, Any]:
        raise Refusal(reason)

    return refuse


def nothing(_: Any) -> Mapping[str, Any]:
    """Every value is taken, and changes nothing here."""
    return {}


@dataclass(frozen=True, slots=True)
class Translation:
    """Our settings by dotted key, where each came from, and what is wrong or unknown."""

    settings: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)  # sentences, too

    def over(self, below: Translation) -> Translation:
        """This one laid over another."""
        return Translation(
            {**below.settings, **self.settings},
            {**below.origins, **self.origins},
            [*below.problems, *self.problems],
            [*below.unknown, *self.unknown],
        )

    def document(self) -> Document:
        """The settings as a document to lay over others, with its problems."""
        data: dict[str, Any] = {}
        for key, value in sorted(self.settings.items(), key=lambda item: item[0].count(".")):
            *sections, last = key.split(".")
            place = data
            for section in sections:
                place = place.setdefault(section, {})
            place[last] = copy.deepcopy(value)
        origins = {tuple(key.split(".")): origin for key, origin in self.origins.items()}
        return Document(data, origins, tuple(self.problems))  # type: ignore[arg-type]  # a tuple of texts is a KeyPath


def translate(data: Mapping[str, Any], table: Table, file: str, under: str = "", prefix: str = "") -> Translation:
    """Translate all settings of `data`; `file` names their origin in messages.

    `under` is the dotted key of `data` in the file, and `prefix` is put before our keys.
    """
    found = Translation()
    for key, value in _leaves(data, table, ()):
        name = ".".join(key)
        where = f"{file}: {under}.{name}" if under else f"{file}: {name}"
        rule = table.get(name)
        if rule is None:
            found.unknown.append(f"{where}: unknown key{did_you_mean(name, table)}")
            continue
        try:
            ours = rule(value)
        except Refusal as error:
            found.problems.append(f"{where}: {error}")
            continue
        except (TypeError, ValueError, LookupError, AttributeError):
            found.problems.append(f"{where}: {value!r} is not a value of this setting")
            continue
        for setting, said in ours.items():
            found.settings[prefix + setting] = said
            found.origins[prefix + setting] = where
    return found


def _leaves(data: Mapping[str, Any], table: Table, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Paths and values down to where the table has a rule."""
    for key, value in data.items():
        own = (*path, str(key))
        if isinstance(value, Mapping) and ".".join(own) not in table:
            yield from _leaves(value, table, own)
        else:
            yield own, value
