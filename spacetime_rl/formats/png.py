"""Pictures as PNG, which every program reads (ISO/IEC 15948)."""

from __future__ import annotations

import struct
import zlib

_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # by channels: grey, grey and opacity, colours, colours and opacity


def to_png(pixels: bytes, height: int, width: int, channels: int) -> bytes:
    """A picture of bytes in row-major order as a PNG file. Raises ValueError for more than four channels."""
    if channels not in _COLOUR_TYPES or len(pixels) != height * width * channels:
        raise ValueError(f"{len(pixels)} bytes for a picture of {height} x {width} x {channels}")
    row = width * channels
    lines = b"".join(b"\0" + pixels[begin : begin + row] for begin in range(0, len(pixels), row))
    head = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(lines)) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
