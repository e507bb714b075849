"""A release export has no HTTP server, unless its project says so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.ports import free_port

from spacetime_rl.client import GameApi
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.ensure import ensure_template
from spacetime_rl.game.export_game import export_game
from spacetime_rl.game.project import OWN_PROJECT

FLAG_GAME = Path(__file__).parent.parent / "fixtures" / "flag_game"
DEADLINE_S = 60.0
pytestmark = pytest.mark.slow  # exporting takes 20 s


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The flag game with the addon and the server as an autoload, too, made with the release template."""
    folder = tmp_path_factory.mktemp("release")
    project = Path(shutil.copytree(FLAG_GAME, folder / "flag_game"))
    shutil.copytree(OWN_PROJECT / "addons", project / "addons")
    settings = project / "project.godot"
    autoload = '\nRLHttp="*res://addons/spacetime_rl/http/rl_http_server.gd"\n'
    settings.write_text(settings.read_text().replace("\n[display]", f"{autoload}\n[display]"))
    godot = find_godot()
    ensure_template(godot)
    return export_game(project, folder / "flag_game.x86_64", godot).path


@contextmanager
def running(program: Path, log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "XDG_DATA_HOME": str(log.parent / "data")}
    with log.open("wb") as output:
        game = subprocess.Popen([program, "--headless", *options], stdout=output, stderr=output, env=environment)
        try:
            yield game
        finally:
            game.kill()
            game.wait(20)


def wait_for(pattern: str, log: Path) -> re.Match[str]:
    end = time.monotonic() + DEADLINE_S
    while not (found := re.search(pattern, log.read_text(errors="replace"))):
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("options", [(), ("--", "--http_port={port}")], ids=["autoload", "command line"])
def test_a_release_export_has_no_server(options: tuple[str, ...], program: Path, tmp_path: Path) -> None:
    log, port = tmp_path / "game.log", free_port()
    with running(program, log, *[option.format(port=port) for option in options]):
        wait_for(r"(?m)^episode 1: ", log)  # it plays
        with GameApi(f"http://127.0.0.1:{port}") as api:
            assert not api.health_check()
    assert "listening" not in log.read_text()


def test_a_release_export_whose_project_says_so_has_one(program: Path, tmp_path: Path) -> None:
    log, port = tmp_path / "game.log", free_port()
    settings = program.with_name("override.cfg")  # read as a part of the project's settings
    settings.write_text(f"[spacetime_rl]\n\nhttp/in_release_exports=true\nhttp/port={port}\n")
    try:
        with running(program, log):
            token = wait_for(r"SPACETIME-HTTP: listening on \S+, token (\w+)", log)[1]
            with GameApi(f"http://127.0.0.1:{port}", token) as api:
                api.reload_scene()
                assert api.get_observation()["agents"]
                assert api.get_status()["game"] == "Flag game"
    finally:
        settings.unlink()
