"""Numbers as people write them: which text is a number, and what another text was probably meant to be."""

from __future__ import annotations

import re
from math import isfinite

# YAML 1.2's numbers, and of YAML 1.1 those that mean the same to everybody: `1_000`, `0b101`. A leading zero says
# nothing (`0123` is 123), and `1:30` is no number (YAML 1.1 takes it for 90).
WHOLE = re.compile(r"^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$")
DECIMAL = re.compile(
    r"^[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF))$"
    r"|^\.(?:nan|NaN|NAN)$"
)
FIRST_CHARACTERS = "-+0123456789."

_MOST_DIGITS = 4000  # Python refuses to read longer ones
_BASES = {"0b": 2, "0o": 8, "0x": 16}
_FACTORS = {"%": 0.01, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_SECONDS = {"ms": 1e-3, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_IN_SECONDS = "_s"  # the end of a setting's name
_WORDS = {"true": True, "yes": True, "on": True, "y": True, "1": True}
_WORDS |= {"false": False, "no": False, "off": False, "n": False, "0": False}


def read_number(text: str) -> int | float | None:
    """The number that a text is, or None."""
    digits = text.replace("_", "").lower()
    if WHOLE.match(text):
        sign, bare = (-1 if digits.startswith("-") else 1), digits.lstrip("+-")
        base = _BASES.get(bare[:2], 10)
        digits = bare[2:] if base != 10 else bare
        return sign * int(digits, base) if 0 < len(digits) <= _MOST_DIGITS else None
    if DECIMAL.match(text):
        return float(digits.replace(".inf", "inf").replace(".nan", "nan"))
    return None


def whole(number: float) -> int | None:
    """The same number as an integer, if it is one: `1e6` is 1000000."""
    return int(number) if isfinite(number) and number == int(number) else None


def did_you_mean_number(text: str, key: str = "", integer: bool = False) -> str:
    """`; did you mean 1.5?` after a text that is no number; empty where nothing comes to mind.

    `key` is the setting's name: one that ends in `_s` is in seconds. `integer` is whether it is a whole number.
    """
    bare = text.strip()
    if read_number(bare) is not None:
        return "; without quotes it is a number"
    if re.fullmatch(r"[-+]?\.?(?:inf(?:inity)?|nan)", bare, re.IGNORECASE):
        return "; it has to be finite"
    if re.fullmatch(r"\d+(?::\d+)+", bare):
        return f"; write one number{', in seconds' if key.endswith(_IN_SECONDS) else ''}"
    meant = [number for number in _meant(bare, key, integer) if whole(number) is not None or not integer]
    return f"; did you mean {' or '.join(f'{number:.12g}' for number in meant)}?" if meant else ""


def did_you_mean_truth(value: object) -> str:
    """`; did you mean true?` after `yes`, `on` or 1."""
    found = _WORDS.get(str(value).strip().lower())
    return "" if found is None else f"; did you mean {str(found).lower()}?"


def _meant(text: str, key: str, integer: bool) -> list[float]:
    """Numbers that a text may stand for, each once."""
    quotient = re.fullmatch(r"(\S+?)\s*(/|\*\*|\^)\s*(\S+)", text)
    united = re.fullmatch(r"(.*?[\d.])\s*([^\W\d_]+|%)", text)
    if quotient:
        first, second = read_number(quotient[1]), read_number(quotient[3])
        return [] if first is None or second is None else _calculated(first, quotient[2], second)
    if united:
        factors = _FACTORS | _SECONDS if key.endswith(_IN_SECONDS) else _FACTORS
        factor = factors.get(united[2], factors.get(united[2].lower(), 1))
        return [round(number * factor, 12) for number in _grouped(united[1], integer)]
    return _grouped(text, integer)


def _calculated(first: float, sign: str, second: float) -> list[float]:
    try:
        value = first / second if sign == "/" else float(first) ** float(second)
    except (ArithmeticError, ValueError):
        return []
    return [value] if isinstance(value, float) and isfinite(value) else []


def _grouped(text: str, integer: bool) -> list[float]:
    """`1,5` with a decimal comma, `1,000` and `1 000` with groups of three; both where it may be either."""
    read = [text]
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(?:([,.'\s])\d{3})(?:\1\d{3})*", text):
        read = [re.sub(r"[,.'\s]", "", text)]
    if text.count(",") == 1 and not (integer and read != [text]):
        read = [*(r for r in read if r != text), text.replace(",", ".")]
    return [number for number in map(read_number, read) if number is not None]
