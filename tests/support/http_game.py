"""A game that nobody trains, with its HTTP API."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.client import GameApi
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.project import OWN_PROJECT, import_project
from support.ports import free_port

TOKEN = "0123456789abcdef"
TOUCH = "res://tests/fixtures/touch/touch.tscn"
_START_S = 60.0
TAG = "res://scenarios/tag/tag.tscn"


@dataclass(frozen=True)
class HttpGame:
    port: int
    process: GameProcess

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def api(self, token: str = TOKEN) -> GameApi:
        return GameApi(self.url, token)

    def log(self) -> str:
        return _log_of(self.process)


@contextmanager
def http_game(
    *options: str,
    scene: str = TOUCH,
    project: Path = OWN_PROJECT,
    log_dir: Path | None = None,
    port: int | None = None,
) -> Iterator[HttpGame]:
    """The game, which answers; its agents are played by their scripts."""
    godot, port = find_godot(), port or free_port()
    command = [str(godot.path), "--headless", "--path", str(import_project(project, godot)), scene, "--"]
    command += ["--control=heuristic", f"--http_port={port}", *options]
    environment = {"SPACETIME_HTTP_TOKEN": TOKEN}
    with GameProcess(command, name="http", log_dir=log_dir, environment=environment) as process:
        game = HttpGame(_listening(process), process)
        with game.api() as api:
            api.wait_until_healthy()
        yield game


def _listening(process: GameProcess) -> int:
    """The port that the game has taken, from its own words."""
    end = time.monotonic() + _START_S
    while not (found := re.search(r"SPACETIME-HTTP: listening on http://127.0.0.1:(\d+)", _log_of(process))):
        assert time.monotonic() < end, _log_of(process)
        assert not process.wait(0.02), _log_of(process)
    return int(found[1])


def _log_of(process: GameProcess) -> str:
    return process.log_path.read_text(errors="replace")
