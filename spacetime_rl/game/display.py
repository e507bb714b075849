"""Where a game with camera sensors draws: nowhere, in a window on the screen, or on an X server of its own."""

from __future__ import annotations

import os
import re
import select
import shutil
import time
from pathlib import Path
from typing import Literal

from spacetime_rl.errors import RendererMissing
from spacetime_rl.game.files import project_files
from spacetime_rl.game.process import GameProcess

Render = Literal["auto", "none", "window", "xvfb"]

_SCREEN = "1920x1200x24"
_START_S = 60.0  # seconds in which Xvfb has to print its display number
_PACKAGES = "on Debian and Ubuntu: apt-get install xvfb libgl1 libgl1-mesa-dri"
_ASKS_FOR_THE_SIZE = re.compile(
    r"get_viewport_rect|get_visible_rect|window_get_size|screen_get_size|get_window\(\)|get_viewport\(\)\.size"
)


def choose_renderer() -> Literal["window", "xvfb"]:
    """The way a game that needs a renderer gets one on this machine, Xvfb first. Raises RendererMissing."""
    if shutil.which("Xvfb"):
        return "xvfb"
    if _has_screen():
        return "window"
    raise RendererMissing(
        "the game's cameras need a renderer, and this machine has neither Xvfb nor a screen; "
        f"install Xvfb ({_PACKAGES})"
    )


def check_screen(asked: str) -> None:
    """Raises RendererMissing where no window can be opened; `asked` is the setting that asks for one, in words."""
    if not _has_screen():
        raise RendererMissing(
            f"{asked}, but there is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set; "
            f"take game.render: xvfb for cameras ({_PACKAGES}), or leave the window out"
        )


def render_arguments(render: Render, project: Path | None) -> list[str]:
    """The engine's arguments for a renderer. Under Xvfb the window is 64x64 unless a script reads the window's size."""
    if render == "window":
        return []
    small = project is not None and not _asks_for_the_size(project)
    return ["--rendering-driver", "opengl3", "--audio-driver", "Dummy", *(["--resolution", "64x64"] if small else [])]


class XServer:
    """An Xvfb server for one game, on a free display. It dies with this process, as games do.

    Raises RendererMissing where Xvfb is not installed or does not start.
    """

    def __init__(self, log_dir: Path | None, name: str) -> None:
        program = shutil.which("Xvfb")
        if program is None:
            raise RendererMissing(f"game.render is xvfb, and Xvfb is not on PATH; install it ({_PACKAGES})")
        told, tell = os.pipe()
        try:
            command = [program, "-displayfd", str(tell), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-noreset"]
            self.process = GameProcess(command, name=f"{name}.xvfb", log_dir=log_dir, pass_fds=[tell])
            os.close(tell)
            tell = -1
            self.display = f":{self._read_number(told)}"
        finally:
            os.close(told)
            if tell >= 0:
                os.close(tell)

    def _read_number(self, told: int) -> int:
        deadline, text = time.monotonic() + _START_S, b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([told], [], [], max(0.0, deadline - time.monotonic()))
            new = os.read(told, 64) if ready else b""
            if not new:
                why = f"it did not answer within {_START_S:g} s" if not ready else self.process.ending()
                report = f"Xvfb did not start ({why}){self.process.quote_log()}"
                self.process.kill()
                raise RendererMissing(report)
            text += new
        return int(text)


def _has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _asks_for_the_size(project: Path) -> bool:
    scripts = (path for path in project_files(project) if path.suffix == ".gd")
    return any(_ASKS_FOR_THE_SIZE.search(path.read_text(errors="replace")) for path in scripts)
