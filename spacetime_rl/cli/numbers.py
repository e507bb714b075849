"""Options that take numbers, by the rules of configurations: `1e6` and `1_000` are numbers, `1:30` is not."""

from __future__ import annotations

from typing import Any, TypeVar

import typer

Number = TypeVar("Number", int, float)
LARGEST_SEED = 2**31 - 1  # as `seed` in a configuration


def whole_number(meaning: str, least: int, most: int | None = None) -> dict[str, Any]:
    """Keyword arguments of `typer.Option` for a whole number; its help is `meaning` with the range."""

    def parse(text: str | int) -> int:
        # Imported here because it imports pydantic, which `--help` does not need.
        from spacetime_rl.config.numbers import did_you_mean_number, read_number, whole

        number = read_number(str(text).strip())
        found = None if number is None else whole(number)
        if found is None:
            hint = did_you_mean_number(str(text), integer=True) if number is None else ""
            raise typer.BadParameter(f"expected a whole number, found {str(text)!r}{hint}")
        return _within(found, least, most)

    return {"parser": parse, "help": f"{meaning} ({_room(least, most)})"}


def decimal_number(meaning: str, least: float, most: float) -> dict[str, Any]:
    """Keyword arguments of `typer.Option` for a number; its help is `meaning` with the range."""

    def parse(text: str | float) -> float:
        from spacetime_rl.config.numbers import did_you_mean_number, read_number

        found = read_number(str(text).strip())
        if found is None:
            raise typer.BadParameter(f"expected a number, found {str(text)!r}{did_you_mean_number(str(text))}")
        return _within(float(found), least, most)

    return {"parser": parse, "help": f"{meaning} ({_room(least, most)})"}


def _within(found: Number, least: float, most: float | None) -> Number:
    if least <= found and (most is None or found <= most):  # false for NaN
        return found
    raise typer.BadParameter(f"expected {_room(least, most)}, found {found}")


def _room(least: float, most: float | None) -> str:
    return f"at least {least}" if most is None else f"{least} to {most}"
