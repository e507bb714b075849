"""What a sweep draws for a setting, as data: `{loguniform: [1e-5, 1e-3]}`, or `{tune: loguniform, args: [1e-5, 1e-3]}`.

The names and the meaning of the arguments are those of `ray.tune`, except that `choice` and `grid_search` take their
values as a plain list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isfinite
from typing import Any

from spacetime_rl.config.words import did_you_mean

TUNE, ARGS = "tune", "args"
LISTS = ("choice", "grid_search")
_NUMBERS = {
    "uniform": ("low", "high"),
    "loguniform": ("low", "high"),
    "quniform": ("low", "high", "step"),
    "qloguniform": ("low", "high", "step"),
    "randint": ("low", "high"),
    "lograndint": ("low", "high"),
    "normal": ("mean", "deviation"),
}
KINDS = (*_NUMBERS, *LISTS)
_WHOLE = ("randint", "lograndint")
_BETWEEN = 0.25000001  # of the way: no whole number, so that a setting that needs one is refused


class DomainError(ValueError):
    """What is wrong with a domain."""


@dataclass(frozen=True, slots=True)
class Domain:
    """Where the values of one setting come from. `args` are the numbers of a range, or the values to choose from."""

    kind: str
    args: tuple[Any, ...]

    @property
    def is_grid(self) -> bool:
        """Whether every value is tried, rather than some drawn."""
        return self.kind == "grid_search"

    @property
    def is_range(self) -> bool:
        """Whether it is an interval of numbers."""
        return self.kind not in (*LISTS, "normal")

    def probes(self) -> Iterator[Any]:
        """Values at its ends, and one between: if these are valid settings, the others are, too."""
        if self.kind in LISTS:
            yield from self.args
        elif self.kind == "normal":
            yield self.args[0]
            yield self.args[0] + _BETWEEN * self.args[1]
        elif self.kind in _WHOLE:
            yield from (self.args[0], self.args[1] - 1)
        else:
            low, high, *step = self.args
            yield from (low, high)
            yield low + step[0] if step else low + _BETWEEN * (high - low)

    def nearest(self, value: float) -> float:
        """The number of a range that is nearest to a value: inside it, and on its steps."""
        low, high, *step = self.args
        inside: float = min(max(value, low), high - 1 if self.kind in _WHOLE else high)
        return round(inside / step[0]) * float(step[0]) if step else inside


def is_long_form(value: object) -> bool:
    """Whether a value anywhere in a configuration says what is drawn for it: a mapping with the key `tune`."""
    return isinstance(value, Mapping) and TUNE in value


def parse_domain(value: object) -> Domain:
    """Read either form. Raises DomainError."""
    if not isinstance(value, Mapping):
        raise DomainError(f"expected a distribution, such as {{loguniform: [1e-5, 1e-3]}}, found {value!r}")
    if TUNE in value:
        unknown = set(value) - {TUNE, ARGS}
        if unknown:
            raise DomainError(f"unknown key {sorted(unknown)[0]!r}; known: {TUNE}, {ARGS}")
        return _make(value[TUNE], value.get(ARGS))
    if len(value) != 1:
        raise DomainError(f"expected one of {', '.join(KINDS)}, found {dict(value)!r}")
    return _make(*next(iter(value.items())))


def _make(kind: object, args: object) -> Domain:
    if kind not in KINDS:
        raise DomainError(f"unknown distribution {kind!r}{did_you_mean(str(kind), KINDS)}; known: {', '.join(KINDS)}")
    if not isinstance(args, Sequence) or isinstance(args, str) or not args:
        raise DomainError(f"{kind}: expected a list, found {args!r}")
    if kind in LISTS:
        return Domain(str(kind), tuple(args))
    names = _NUMBERS[str(kind)]
    if len(args) != len(names) or not all(map(_is_number, args)):
        raise DomainError(f"{kind}: expected {len(names)} numbers, [{', '.join(names)}], found {list(args)!r}")
    problem = _problem(str(kind), [float(x) for x in args])
    if problem:
        raise DomainError(f"{kind}: {problem}, found {list(args)!r}")
    return Domain(str(kind), tuple(map(int, args)) if kind in _WHOLE else tuple(args))


def _problem(kind: str, args: Sequence[float]) -> str | None:
    if kind == "normal":
        return None if args[1] >= 0 else "expected a deviation of at least 0"
    if args[0] >= args[1]:
        return "expected the lower number first"
    if kind in _WHOLE and any(x != int(x) for x in args):
        return "expected whole numbers"
    if "log" in kind and args[0] <= 0:
        return "expected numbers above 0, as their logarithm is drawn"
    if len(args) > 2 and args[2] <= 0:
        return "expected a step above 0"
    if len(args) > 2 and any(not isclose(x / args[2], round(x / args[2]), abs_tol=1e-9) for x in args[:2]):
        return "expected ends that are multiples of the step"
    return None


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def short_value(value: Any) -> str:
    """A drawn value as there is room for in a table: `0.000873`, `[64, 64]`."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
