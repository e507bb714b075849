"""The command that starts a game again: it ends the one before, and no other program."""

from __future__ import annotations

import http.server
import shutil
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import pytest
from support.command import Done, run_command
from support.http_game import TOKEN, TOUCH
from support.ports import free_port

from spacetime_rl.client import GameApi, restart
from spacetime_rl.client.restart import end_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, import_project


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPACETIME_HTTP_TOKEN", TOKEN)
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def test_a_game_is_started_again_in_place_of_the_one_before(command: Callable[..., Done], tmp_path: Path) -> None:
    project = Path(shutil.copytree(import_project(OWN_PROJECT, find_godot()), tmp_path / "game"))
    port, pids = free_port(), list[int]()
    try:
        for _ in range(2):
            done = command("godot", "restart", str(project), "--scene", TOUCH, "--port", str(port), "--headless")
            assert done.code == 0, done.err
            said = dict(line.split(": ", 1) for line in done.out.splitlines()[-3:])
            pids.append(int(said["pid"]))
            with GameApi(f"http://127.0.0.1:{port}", said["token"]) as api:
                assert api.get_status()["pid"] == pids[-1]
                api.reload_scene()
            assert "POST /scene/reload 200" in Path(said["log"]).read_text()
        assert f"ended: process {pids[0]}" in done.out
        assert not psutil.pid_exists(pids[0]) or psutil.Process(pids[0]).status() == psutil.STATUS_ZOMBIE
    finally:
        end_game(port)
    with GameApi(f"http://127.0.0.1:{port}") as api:
        assert not api.health_check()


class _Other(http.server.BaseHTTPRequestHandler):
    """A program that claims to be a game, and another process."""

    def do_GET(self) -> None:
        body = b'{"game": "none", "engine": "4.6.3", "pid": 1}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_another_program_on_the_port_is_left_alone(command: Callable[..., Done], tmp_path: Path) -> None:
    (tmp_path / "project.godot").write_text("config_version=5\n")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = command("godot", "restart", str(tmp_path), "--port", str(server.server_address[1]), "--headless")
        server.shutdown()
    assert done.code == 3
    assert "process 1, which the answer names, does not listen" in done.err or "another user" in done.err


def test_a_folder_that_is_no_project_is_refused(command: Callable[..., Done], tmp_path: Path) -> None:
    done = command("godot", "restart", str(tmp_path / "none"))
    assert (done.code, "expected the folder of a Godot project" in done.err) == (2, True)


def test_on_windows_the_game_is_no_part_of_the_console_that_started_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(subprocess, "DETACHED_PROCESS", 0x8, raising=False)
    (tmp_path / ".godot").mkdir()
    (tmp_path / "project.godot").write_text("config_version=5\n")

    assert restart._apart() == 0x208
    with pytest.raises(ValueError, match="creationflags is only supported on Windows"):  # so it does get them
        restart.restart_game(tmp_path, port=free_port())
