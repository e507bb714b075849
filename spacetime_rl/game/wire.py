"""The bytes between Python and a game: JSON messages for the handshake, binary frames afterwards."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from spacetime_rl.errors import ProtocolError
from spacetime_rl.formats.plain_json import to_json

WIRE = "spacetime/1"
MAX_FRAME_BYTES = 64 * 1024 * 1024  # part of the protocol, docs/wire.md

_LENGTH = struct.Struct("<I")
_HEADER = struct.Struct("<IB")  # the length counts the kind and the body
_BODY_START = 64  # of a buffer: the header ends here, so that the floats after it are aligned


class Request(IntEnum):
    """Kinds of frames that Python sends."""

    STEP = 1
    RESET = 2
    CONFIGURE = 3
    CLOSE = 4
    RUN = 5
    TRACE = 6


class Reply(IntEnum):
    """Kinds of frames that the game sends."""

    STATE = 1
    OK = 2
    ERROR = 3
    REPORT = 4
    TRACES = 5


_REPLIES = {int(reply): reply for reply in Reply}


class FrameSocket:
    """Binary frames over a connected socket, through one fixed buffer in each direction.

    `outgoing` and `incoming` are the uint8 bodies of those buffers, aligned for float32. All methods raise TimeoutError
    when `deadline` (on the `time.monotonic` clock) passes, and ConnectionError when the game closed the connection.
    """

    def __init__(self, sock: socket.socket, send_bytes: int, receive_bytes: int) -> None:
        self._socket = sock
        self._out = np.zeros(_BODY_START + send_bytes, np.uint8)
        self._in = np.zeros(_BODY_START + receive_bytes, np.uint8)
        self.outgoing = self._out[_BODY_START:]
        self.incoming = self._in[_BODY_START:]
        self._out_view = self._out.data[_BODY_START - _HEADER.size :]
        self._in_view = self._in.data[_BODY_START - _HEADER.size :]

    def send(self, kind: Request, body_bytes: int, deadline: float) -> None:
        """Send a frame whose body is the first `body_bytes` bytes of `outgoing`."""
        _HEADER.pack_into(self._out_view, 0, 1 + body_bytes, kind)
        self._socket.settimeout(_remaining_s(deadline))
        self._socket.sendall(self._out_view[: _HEADER.size + body_bytes])

    def send_bytes(self, kind: Request, body: bytes, deadline: float) -> None:
        """Send a frame whose body may be longer than `outgoing`."""
        self._socket.settimeout(_remaining_s(deadline))
        self._socket.sendall(_HEADER.pack(1 + len(body), kind) + body)

    def receive(self, deadline: float) -> tuple[Reply, int]:
        """Receive one frame into `incoming`; returns its kind and the length of its body in bytes.

        Raises ProtocolError when the frame is too long for the buffer, of unknown kind, or followed by more bytes.
        """
        got, end, kind = 0, _HEADER.size, 0
        while got < end:
            self._socket.settimeout(_remaining_s(deadline))
            count = self._socket.recv_into(self._in_view[got:])
            if count == 0:
                raise ConnectionError("the game closed the connection")
            got += count
            if kind == 0 and got >= _HEADER.size:
                length, kind = _HEADER.unpack_from(self._in_view)
                end = _LENGTH.size + length
                self._check_header(length, kind, len(self._in_view) - _LENGTH.size)
        if got > end:
            raise ProtocolError(f"a frame of {end - _LENGTH.size} bytes is followed by {got - end} unasked bytes")
        return _REPLIES[kind], end - _HEADER.size

    def receive_bytes(self, deadline: float) -> tuple[Reply, bytes]:
        """Receive one frame whose body may be longer than `incoming`; returns its kind and its body."""
        length, kind = _HEADER.unpack(self._read_exactly(_HEADER.size, deadline))
        self._check_header(length, kind, MAX_FRAME_BYTES)
        return _REPLIES[kind], self._read_exactly(length - 1, deadline)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _read_exactly(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._socket.settimeout(_remaining_s(deadline))
            chunk = self._socket.recv(count - len(data))
            if not chunk:
                raise ConnectionError("the game closed the connection")
            data += chunk
        return bytes(data)

    def _check_header(self, length: int, kind: int, limit: int) -> None:
        if kind not in _REPLIES:
            known = ", ".join(f"{reply.value} {reply.name}" for reply in Reply)
            raise ProtocolError(f"a frame of {length} bytes has the unknown kind {kind} (known: {known})")
        if not 1 <= length <= limit:
            raise ProtocolError(f"a frame announces {length} bytes; this game's frames have 1 to {limit}")


class JsonSocket:
    """Length-prefixed JSON messages over a connected socket, the protocol of stock Godot RL Agents games."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._data = bytearray()

    def send(self, message: Mapping[str, Any], deadline: float) -> None:
        """Send one message. Raises TimeoutError or ConnectionError."""
        text = to_json(message).encode()
        self.socket.settimeout(_remaining_s(deadline))
        self.socket.sendall(_LENGTH.pack(len(text)) + text)

    def receive(self, deadline: float) -> dict[str, Any]:
        """Wait for one message. Raises TimeoutError, ConnectionError or ProtocolError."""
        while True:
            self.socket.settimeout(_remaining_s(deadline))
            message = self.pull()
            if message is not None:
                return message

    def pull(self) -> dict[str, Any] | None:
        """Read once from the socket; returns the message if it is complete. Raises ConnectionError or ProtocolError."""
        data = self.socket.recv(1 << 20)
        if not data:
            raise ConnectionError("the game closed the connection")
        self._data += data
        if len(self._data) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._data)
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(f"a JSON message announces {length} bytes; at most {MAX_FRAME_BYTES} are allowed")
        if len(self._data) < _LENGTH.size + length:
            return None
        text = bytes(self._data[_LENGTH.size : _LENGTH.size + length])
        del self._data[: _LENGTH.size + length]
        if self._data:
            raise ProtocolError(f"a JSON message of {length} bytes is followed by {len(self._data)} unasked bytes")
        return _parse(text)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except json.JSONDecodeError as error:
        near = text[max(0, error.pos - 30) : error.pos + 30]
        raise ProtocolError(f"a message that is not JSON: {error}, near {near!r}") from error
    except (UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"a message that is not JSON: {error}") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError(f"a JSON message that is no object with a 'type': {text[:60]!r}")
    return message


def _remaining_s(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining
