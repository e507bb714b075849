"""Messages in JSON are read and written as Python's own reader and writer would, only faster."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from spacetime_rl.formats.message_json import message_from_json, message_to_json


@pytest.mark.parametrize(
    "text",
    [
        *('{"a": [1, 2.5, -0.0, 1e300], "b": null, "c": "ü\\u00fc", "d": {"e": []}}', '{"a": 1, "a": 2}', "[1e999]"),
        *('{"a": [NaN, -Infinity]}', '"\\ud800"', "[18446744073709551616]", " [1] "),
    ],
)
def test_a_text_says_what_it_says_to_pythons_own_reader(text: str) -> None:
    assert repr(message_from_json(text)) == repr(json.loads(text)) or message_from_json(text) == json.loads(text)


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a': 1}", "\x00", "[01]"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="line 1 column"):
        message_from_json(text)
    with pytest.raises(RecursionError):
        message_from_json("[" * 100_000)


def test_arrays_come_back_as_the_same_float32() -> None:
    numbers = np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32) * np.float32(1e-3)

    read = json.loads(message_to_json({"type": "x", "all": numbers, "some": numbers[:, 1], "none": None}))

    assert np.array_equal(np.array(read["all"], np.float32), numbers)
    assert np.array_equal(np.array(read["some"], np.float32), numbers[:, 1])
    assert read["none"] is None


@pytest.mark.parametrize("value", ["\ud800", 10**30, math.nan, np.array([1.0, np.nan], np.float32), {"a": [math.inf]}])
def test_what_is_rare_is_written_so_that_every_reader_takes_it(value: Any) -> None:
    text = message_to_json({"value": value})

    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text).keys() == {"value"}
