"""The messages of the WebSocket contract: their names, their two encodings, and the checks of what they hold.

docs/websocket.md describes them for people. A message is a JSON object. In a binary frame, numbers travel beside the
object: the length of the JSON text (u32, little-endian), the text, and then the arrays that its `arrays` lists, as
float32.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.formats.message_json import message_from_json, message_to_json

PROTOCOL = 1
PORT = 8765
MOST_ROWS = 4096  # agents in one message, or transitions
MOST_BYTES = 16 * 2**20  # of one message
_MOST_TEXT = 200  # characters of a name

Floats = NDArray[np.float32]
_LENGTH = struct.Struct("<I")
_NUMBERS = {int, float}


class BadMessage(Exception):
    """A message that is refused; `code` names the reason for programs, the text says it to people."""

    def __init__(self, code: str, text: str) -> None:
        self.code = code
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it arrived. In `body`, the arrays of a binary frame are float32 arrays instead of lists."""

    kind: str
    id: Any  # of the sender's choice; the answer repeats it
    body: Mapping[str, Any]
    binary: bool


def read_message(frame: str | bytes, kind: str | None = None) -> Message:
    """Read a text or binary frame; `kind` is given where the frame does not name it. Raises BadMessage."""
    body = _read_binary(frame) if isinstance(frame, bytes) else _read_json(frame)
    found = body.get("id")
    if not (found is None or isinstance(found, (str, int, float))) or len(str(found)) > _MOST_TEXT:
        raise BadMessage("bad_message", f"id: expected a number or a text of at most {_MOST_TEXT} characters")
    if isinstance(found, float) and not math.isfinite(found):
        raise BadMessage("bad_message", "id: expected a finite number")
    kind = kind or body.get("type")
    if not isinstance(kind, str):
        raise BadMessage("bad_message", "type: expected the name of a message, such as act_batch")
    return Message(kind, found, body, isinstance(frame, bytes))


def write_message(body: Mapping[str, Any], binary: bool) -> str | bytes:
    """A frame of `body`, in which arrays are float32; in a text frame they become lists."""
    if not binary:
        return message_to_json(body)
    arrays = {key: value for key, value in body.items() if isinstance(value, np.ndarray)}
    plain = {key: value for key, value in body.items() if key not in arrays}
    plain["arrays"] = [{"name": key, "shape": value.shape} for key, value in arrays.items()]
    text = message_to_json(plain).encode()
    parts = [np.ascontiguousarray(value, "<f4").tobytes() for value in arrays.values()]
    return b"".join([_LENGTH.pack(len(text)), text, *parts])


def error_of(message: Message | None, error: BadMessage) -> dict[str, Any]:
    """The answer to a message that is refused."""
    return {"type": "error", "id": message and message.id, "code": error.code, "message": str(error)}


def name_in(body: Mapping[str, Any], key: str, default: str | None = None) -> str | None:
    """A name, or the default where there is none. Raises BadMessage."""
    found = body.get(key, default)
    return found if found is None else _check_name(key, found)


def names_in(body: Mapping[str, Any], key: str, rows: int) -> list[str] | None:
    """A name for each row, or None. Raises BadMessage."""
    found = body.get(key)
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != rows:
        raise BadMessage("bad_message", f"{key}: expected a list of {rows} names, one for each row of obs")
    return [_check_name(key, name) for name in found]


def flags_in(body: Mapping[str, Any], key: str, rows: int) -> list[bool]:
    """A truth value for each row; all False where there are none. Raises BadMessage."""
    found = body.get(key)
    if found is None:
        return [False] * rows
    if not isinstance(found, list) or len(found) != rows or not set(map(type, found)) <= {bool}:
        raise BadMessage(
            "bad_message", f"{key}: expected a list of {rows} times true or false, one for each row of obs"
        )
    return found


def rows_in(body: Mapping[str, Any], key: str) -> Any:
    """The rows of a list or of an array of two dimensions, at least one. Raises BadMessage."""
    found = body.get(key)
    if isinstance(found, np.ndarray) and found.ndim != 2:
        raise BadMessage("bad_message", f"{key}: expected an array [rows, numbers], found {list(found.shape)}")
    if not isinstance(found, (list, np.ndarray)) or not 1 <= len(found) <= MOST_ROWS:
        raise BadMessage("bad_message", f"{key}: expected a list of 1 to {MOST_ROWS} rows")
    return found


def matrix(rows: list[Any] | Floats, width: int, what: str) -> Floats:
    """Rows of finite numbers as float32 [rows, width]. Raises BadMessage."""
    if isinstance(rows, np.ndarray):
        if rows.shape[1:] != (width,):
            raise BadMessage("bad_shape", f"{what}: expected {width} numbers, found {rows.shape[-1]}")
        return _finite(rows, what)
    for row in rows:
        if not isinstance(row, list) or len(row) != width:
            found = f"{len(row)} numbers" if isinstance(row, list) else type(row).__name__
            raise BadMessage("bad_shape", f"{what}: expected {width} numbers, found {found}")
    if not set(map(type, chain.from_iterable(rows))) <= _NUMBERS:
        raise BadMessage("bad_number", f"{what}: expected numbers alone, no text, no null, no true or false")
    return _finite(_float32(rows, what).reshape(len(rows), width), what)


def vector(found: Any, length: int, what: str) -> Floats:
    """Finite numbers as float32 [length]. Raises BadMessage."""
    if isinstance(found, np.ndarray):
        found = found.reshape(1, -1) if found.ndim == 1 else found
        return matrix(found, length, what).reshape(-1)
    return matrix([found], length, what).reshape(-1)


def _float32(rows: list[Any], what: str) -> Floats:
    try:
        with np.errstate(over="ignore"):
            return np.array(rows, np.float64).astype(np.float32)
    except OverflowError:
        raise BadMessage("bad_number", f"{what}: a number is too large") from None


def _finite(values: Floats, what: str) -> Floats:
    if not np.isfinite(values).all():
        raise BadMessage(
            "bad_number", f"{what}: NaN, infinity or too large a number; the game must send finite numbers"
        )
    return values


def _check_name(key: str, name: Any) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= _MOST_TEXT:
        raise BadMessage("bad_message", f"{key}: expected names of 1 to {_MOST_TEXT} characters")
    return name


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        body = message_from_json(text)
    except (ValueError, RecursionError) as error:
        raise BadMessage("not_json", f"the message is not JSON: {str(error)[:_MOST_TEXT]}") from None
    if not isinstance(body, dict):
        raise BadMessage("bad_message", f"expected a JSON object, found {type(body).__name__}")
    return body


def _read_binary(frame: bytes) -> Mapping[str, Any]:
    if len(frame) < _LENGTH.size:
        raise BadMessage("bad_frame", "a binary frame begins with the length of its JSON text, four bytes")
    (length,) = _LENGTH.unpack_from(frame)
    begin = _LENGTH.size + length
    if begin > len(frame):
        raise BadMessage("bad_frame", f"the JSON text would have {length} bytes, the frame has {len(frame)}")
    try:
        body = dict(_read_json(frame[_LENGTH.size : begin].decode()))
    except UnicodeDecodeError:
        raise BadMessage("not_json", "the JSON text of the frame is not UTF-8") from None
    arrays = body.pop("arrays", [])
    if not isinstance(arrays, list) or not all(_is_array(array) for array in arrays):
        raise BadMessage("bad_frame", "arrays: expected a list of objects with a name and a shape of one or two sizes")
    for array in arrays:
        name, shape = array["name"], array["shape"]
        end = begin + 4 * math.prod(shape)
        if end > len(frame):
            raise BadMessage("bad_frame", f"arrays: {name} {shape} goes beyond the frame's {len(frame)} bytes")
        body[name] = np.frombuffer(frame, "<f4", math.prod(shape), begin).reshape(shape)
        begin = end
    if begin != len(frame):
        raise BadMessage("bad_frame", f"{len(frame) - begin} bytes follow the last array")
    return body


def _is_array(array: Any) -> bool:
    if not isinstance(array, dict) or not isinstance(array.get("name"), str):
        return False
    shape = array.get("shape")
    return (
        isinstance(shape, list)
        and 1 <= len(shape) <= 2
        and all(type(size) is int and 0 <= size <= MOST_BYTES for size in shape)
    )
