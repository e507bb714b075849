"""Start a Godot project with its HTTP API, after ending the game that has its port; on Linux, macOS and Windows."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from spacetime_rl.client.game_api import GameApi
from spacetime_rl.errors import GameApiError, LaunchError, UsageError
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.http_api import TOKEN_VARIABLE, read_announcement

_END_S = 5.0
_POLL_S = 0.05
_IMPORT_S = 600.0


@dataclass(frozen=True, slots=True)
class Restarted:
    """A game that runs on by itself: where it answers, its token, its process id, and the file with its output."""

    url: str
    token: str
    pid: int
    log: Path
    ended: int | None  # the process id of the game before, if there was one


def restart_game(
    project: Path,
    scene: str | None = None,
    port: int = 8080,
    arguments: Sequence[str] = (),
    headless: bool = False,
    log: Path | None = None,
    timeout_s: float = 60.0,
) -> Restarted:
    """End the game that answers on `port` of this machine, if one does, and start `project` in its place.

    `arguments` are for the game. Raises UsageError without a project, GodotNotFound, and LaunchError where another
    program has the port, or the game does not answer within `timeout_s` seconds; its output's end is quoted then.
    """
    if not (project / "project.godot").is_file():
        raise UsageError(f"{project}: expected the folder of a Godot project, with its project.godot")
    godot = str(find_godot().path)
    ended = end_game(port)
    if not (project / ".godot").is_dir():
        _import(godot, project)
    file = log or Path(tempfile.mkdtemp(prefix="spacetime-rl-")) / "game.log"
    shown = ["--headless"] if headless else []
    command = [godot, "--path", str(project), *shown, *([scene] if scene else [])]
    with file.open("wb") as output:
        game = subprocess.Popen(
            [*command, "--", f"--http_port={port}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            creationflags=_apart(),
        )
    url, token = _wait(game, file, timeout_s)
    return Restarted(url, token, game.pid, file, ended)


def end_game(port: int) -> int | None:
    """End the game that answers on a port of this machine. Returns its process id; None where nothing answers.

    Raises LaunchError where the port belongs to another program.
    """
    with GameApi(f"http://127.0.0.1:{port}") as api:
        try:
            status = api.get_status()
        except GameApiError as error:
            if error.status is None:
                return None
            raise LaunchError(f"port {port}: a program that is no game answers there; choose another port") from error
    if not {"game", "engine", "pid"} <= status.keys():
        raise LaunchError(f"port {port}: a program that is no game answers there; choose another port")
    pid = int(status["pid"])
    try:
        process = psutil.Process(pid)
        # The answer alone is no proof of whose it is.
        if not any(c.laddr and c.laddr.port == port and c.status == "LISTEN" for c in process.net_connections("tcp")):
            raise LaunchError(f"port {port}: process {pid}, which the answer names, does not listen there")
        process.terminate()
        try:
            process.wait(_END_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_END_S)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied as error:
        raise LaunchError(f"port {port}: process {pid} belongs to another user") from error
    return pid


def _apart() -> int:
    """Windows' flags for a game that outlives the command, and its terminal's Ctrl-C; other systems have sessions."""
    return sum(getattr(subprocess, name, 0) for name in ("CREATE_NEW_PROCESS_GROUP", "DETACHED_PROCESS"))


def _import(godot: str, project: Path) -> None:
    done = subprocess.run(
        [godot, "--headless", "--path", str(project), "--import"], capture_output=True, timeout=_IMPORT_S, check=False
    )
    if done.returncode != 0:
        raise LaunchError(f"Godot cannot import {project}: {done.stderr.decode(errors='replace')[-2000:]}")


def _wait(game: subprocess.Popen[bytes], log: Path, timeout_s: float) -> tuple[str, str]:
    end = time.monotonic() + timeout_s
    while True:
        text = log.read_text(encoding="utf-8", errors="replace")
        found = read_announcement(text)
        if found is not None:
            url, token = found
            return url, token or os.environ.get(TOKEN_VARIABLE, "")
        if game.poll() is not None:
            raise LaunchError(f"the game ended with exit code {game.returncode}; {log} ends:\n{text[-2000:]}")
        if time.monotonic() > end:
            game.kill()
            raise LaunchError(
                f"the game has no HTTP API after {timeout_s:g} s; has its project the addon? "
                f"{log} ends:\n{text[-2000:]}"
            )
        time.sleep(_POLL_S)
