"""A game that connects to a server by itself, as a person would start it: the real Godot, without Python's launch."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, import_project

TOUCH = "res://tests/fixtures/touch/touch.tscn"
DEADLINE_S = 60.0


@contextmanager
def served_game(
    scene: str, folder: Path, *options: str, project: Path = OWN_PROJECT, params: dict[str, object] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a scene with these options of the addon; its output is in `folder`/game.log. It is ended with the block."""
    godot = find_godot()
    engine = [godot.path, "--headless", "--path", import_project(project, godot), "--xr-mode", "off"]
    command = [*map(str, engine), "--fixed-fps", "90", scene, "--", *options, f"--params={to_json(params or {})}"]
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data")}
    with (folder / "game.log").open("wb") as log:
        game = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            yield game
        finally:
            game.kill()
            game.wait(20)


def wait_until(condition: Callable[[], object], folder: Path) -> None:
    """Wait for a condition; shows the game's log if it does not come true."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        log = (folder / "game.log").read_text(errors="replace")
        assert "SCRIPT ERROR" not in log, log[:4000]
        assert time.monotonic() < end, log[-4000:]
        time.sleep(0.02)
