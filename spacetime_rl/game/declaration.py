"""Checks the values that a game declares about itself. An invalid value raises SpecError with its location."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST = 100_000_000  # of any size: a larger number is a mistake, and would exhaust the machine's memory
_SHOWN = 60  # characters of a value in a message


class SpecError(ValueError):
    """A game declares something impossible: the message names where, what was found, and what was expected."""


def wrong(where: str, found: object, expected: str) -> SpecError:
    """The error for one value."""
    return SpecError(f"{where}: found {shown(found)}, expected {expected}")


def shown(value: object) -> str:
    """A value of a JSON message as JSON, shortened."""
    text = json.dumps(value, default=repr, allow_nan=True)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def required(where: str, data: Mapping[str, Any], key: str) -> Any:
    """The value of a required key. Raises SpecError where it is missing."""
    if key not in data:
        raise wrong(where, list(data), f"the key {key!r}") if where else SpecError(f"{key}: is missing")
    return data[key]


def whole(where: str, value: object, least: int = 1, most: int = MOST) -> int:
    """A whole number from `least` to `most`. JSON does not distinguish 2 from 2.0, so 2.0 is accepted."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        upper = f" and at most {most}" if most != MOST or (isinstance(value, int) and value > most) else ""
        raise wrong(where, value, f"a whole number of at least {least}{upper}")
    return value


def text(where: str, value: object) -> str:
    """A name: text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(where, value, "a name")
    return value


def one_of(where: str, value: object, known: Sequence[str]) -> str:
    """One of the known words."""
    if not isinstance(value, str) or value not in known:
        raise wrong(where, value, " or ".join(map(repr, known)))
    return value


def listed(where: str, value: object, length: int | None = None, what: str = "entries") -> list[Any]:
    """A list, of the given length if one is given."""
    if not isinstance(value, (list, tuple)):
        raise wrong(where, value, "a list")
    if length is not None and len(value) != length:
        raise SpecError(f"{where}: found {len(value)} {what}, expected {length}")
    return list(value)


def keyed(where: str, value: object) -> Mapping[str, Any]:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise wrong(where, value, "an object")
    return value


def distinct(where: str, names: Iterable[str]) -> tuple[str, ...]:
    """Names without duplicates. Raises SpecError for a name that occurs twice."""
    given = tuple(names)
    twice = next((name for name, times in Counter(given).items() if times > 1), None)
    if twice is not None:
        raise SpecError(f"{where}: found {twice!r} twice, expected different names")
    return given
