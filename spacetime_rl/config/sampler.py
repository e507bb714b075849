"""What a scenario's parameter may be given in place of a value: how it is drawn anew for every episode, in the game."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from spacetime_rl.config.words import did_you_mean

UNIFORM, NORMAL, CHOICE = KINDS = ("uniform", "normal", "choice")
_FORMS = "{uniform: [from, to]}, {normal: [mean, deviation]} or {choice: [value, ...]}"


def is_sampler(value: object) -> bool:
    """Whether a value says how it is drawn, rightly or wrongly."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in KINDS


def param_problems(params: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The parameters whose value is none, and what is wrong with it. The game alone knows types and ranges."""
    for name, value in params.items():
        problem = _problem(value)
        if problem:
            yield name, problem


def _problem(value: object) -> str | None:
    if not isinstance(value, Mapping):
        return _scalar_problem(value, "a number, text, true or false, or a sampler")
    if not is_sampler(value):
        hint = did_you_mean(str(next(iter(value), "")), KINDS)
        return f"expected a value, or {_FORMS} to draw one for every episode, found {dict(value)!r}{hint}"
    kind, given = next(iter(value.items()))
    if kind == CHOICE:
        if not isinstance(given, (list, tuple)) or not given:
            return f"choice: expected a list of at least one value, found {given!r}"
        problems = (_scalar_problem(each, "a number, text, true or false") for each in given)
        return next((f"choice: {problem}" for problem in problems if problem), None)
    if not isinstance(given, (list, tuple)) or len(given) != 2 or not all(map(_is_number, given)):
        what = "[from, to]" if kind == UNIFORM else "[mean, deviation]"
        return f"{kind}: expected two numbers, {what}, found {given!r}"
    if kind == UNIFORM and given[0] > given[1]:
        return f"uniform: expected the lower number first, found {given!r}"
    if kind == NORMAL and given[1] < 0:
        return f"normal: expected a deviation of at least 0, found {given!r}"
    return None


def _scalar_problem(value: object, expected: str) -> str | None:
    if isinstance(value, float) and not isfinite(value):
        return f"expected a finite number, found {value}"
    return None if isinstance(value, (bool, int, float, str)) else f"expected {expected}, found {value!r}"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
