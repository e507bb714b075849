"""Values that a game declares about itself: each of the expected kind, or a sentence that says where it is not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MOST = 100_000_000  # of any size: a larger one is a mistake, and would take the machine's memory
_SHOWN = 60  # characters of a value in a message


class SpecError(ValueError):
    """What a game declares is impossible: where, what was found, and what was expected."""


def wrong(where: str, found: object, expected: str) -> SpecError:
    """The error for one value."""
    return SpecError(f"{where}: found {shown(found)}, expected {expected}")


def shown(value: object) -> str:
    """A value of a JSON message as JSON, shortened."""
    text = json.dumps(value, default=repr, allow_nan=True)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def required(where: str, data: Mapping[str, Any], key: str) -> Any:
    """The value of a key that has to be there."""
    if key not in data:
        raise wrong(where, list(data), f"the key {key!r}") if where else SpecError(f"{key}: is missing")
    return data[key]


def whole(where: str, value: object, least: int = 1, most: int = MOST) -> int:
    """A whole number; JSON does not tell 2 from 2.0."""
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
    """One of some words."""
    if not isinstance(value, str) or value not in known:
        raise wrong(where, value, " or ".join(map(repr, known)))
    return value


def listed(where: str, value: object, length: int | None = None, what: str = "entries") -> list[Any]:
    """A list, of a given length or not."""
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
    """Names of which none is given twice."""
    given = tuple(names)
    twice = next((name for name, times in Counter(given).items() if times > 1), None)
    if twice is not None:
        raise SpecError(f"{where}: found {twice!r} twice, expected different names")
    return given
