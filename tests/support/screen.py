"""A screen that nobody sees (Xvfb), with real keys pressed on it (xdotool) and its picture read back."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NEEDED = ("Xvfb", "xdotool")
SIZE = (1280, 720)


def missing() -> str:
    """Why there can be no such screen on this machine; "" if there can."""
    without = [program for program in NEEDED if shutil.which(program) is None]
    return f"{' and '.join(without)} missing: apt-get install xvfb xdotool libgl1-mesa-dri" if without else ""


class Screen:
    """A running one; `display` is what DISPLAY has to be for a program to appear on it."""

    def __init__(self, display: str, folder: Path) -> None:
        self.display = display
        self._file = folder / "Xvfb_screen0"

    def press(self, key: str) -> None:
        """Hold a key down, by its X name."""
        self._tell("keydown", key)

    def release(self, key: str) -> None:
        """Let it go."""
        self._tell("keyup", key)

    def picture(self) -> NDArray[np.uint8]:
        """What is on the screen, [height, width, 3] as RGB."""
        data = self._file.read_bytes()  # an XWD file: a header of 25 numbers, a name, colours of 12 bytes, pixels
        header = struct.unpack(">25I", data[:100])
        height, line, colours = header[5], header[12], header[19]
        pixels = np.frombuffer(data, np.uint8, count=line * height, offset=header[0] + 12 * colours)
        return pixels.reshape(height, line // 4, 4)[:, : header[4], 2::-1]

    def _tell(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], check=True, timeout=20, env={**os.environ, "DISPLAY": self.display})


@contextmanager
def open_screen(folder: Path) -> Iterator[Screen]:
    """Start a screen whose picture is kept in `folder`."""
    read, write = os.pipe()
    size = "x".join(map(str, SIZE))
    command = [
        "Xvfb",
        "-displayfd",
        str(write),
        "-screen",
        "0",
        f"{size}x24",
        "-fbdir",
        str(folder),
        "-nolisten",
        "tcp",
    ]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server, os.fdopen(read) as answer:
        os.close(write)
        try:
            yield Screen(f":{answer.readline().strip()}", folder)
        finally:
            server.terminate()
