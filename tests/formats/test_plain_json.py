"""JSON that a program prints is JSON, whatever the numbers."""

from __future__ import annotations

import json
import math

from spacetime_rl.formats.plain_json import to_json


def _strict(text: str) -> object:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_what_is_no_finite_number_is_null_at_any_depth() -> None:
    document = {"a": math.nan, "b": [1.0, -math.inf, {"c": (math.inf, 2)}], "d": "NaN", "e": None, "f": True}

    read = _strict(to_json(document, indent=2))

    assert read == {"a": None, "b": [1.0, None, {"c": [None, 2]}], "d": "NaN", "e": None, "f": True}


def test_finite_documents_are_written_as_they_are() -> None:
    document = {"b": [1, 2.5e-300, "ü"], "a": None}

    assert _strict(to_json(document, sort_keys=True)) == document
    assert to_json({"x": 1}, separators=(",", ":")) == '{"x":1}'
