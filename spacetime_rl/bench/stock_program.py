"""A scene of this package, or an exported game, as a program that the stock Godot RL Agents client can start."""

from __future__ import annotations

import importlib.util
import shlex
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from spacetime_rl.bench.measure import NotMeasurable
from spacetime_rl.errors import GameDied
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game import guard
from spacetime_rl.game.engine import check_godot, find_godot
from spacetime_rl.game.launch import GameLaunch, check_program
from spacetime_rl.game.log import GameLog
from spacetime_rl.game.project import OWN_PROJECT, find_scenario, import_project, kept
from spacetime_rl.host.scratch import scratch_folder


class StockProgram:
    """A script that starts the game of a launch. The game ends with this process, and prints to a log.

    The stock client passes only its own arguments, and splits them at blanks. The script therefore contains the other
    arguments of the launch.
    """

    def __init__(self, launch: GameLaunch) -> None:
        self._launch = launch
        self._stack = ExitStack()
        folder = self._stack.enter_context(scratch_folder("bench"))
        self.log = GameLog(folder / "stock.godot.log", folder)
        self.path = folder / "game.x86_64"  # the client requires this suffix
        guarded = [sys.executable, "-I", "-S", str(Path(guard.__file__)), "$PPID", *self._command()]
        words = " ".join(word if word == "$PPID" else shlex.quote(word) for word in guarded)
        ours = shlex.join(["--", *self._arguments()])
        self.path.write_text(
            f'#!/bin/sh\nexport XDG_DATA_HOME="{folder}"\nexec {words} "$@" {ours} >>"{self.log.path}" 2>&1\n'
        )
        self.path.chmod(0o755)

    def make_settings(self, games: int) -> dict[str, Any]:
        """Keyword arguments of the client for `games` games on consecutive ports.

        With a framerate the client starts the game with --fixed-fps. Without it, Godot would sleep between frames.
        """
        settings: dict[str, Any] = {"env_path": str(self.path), "port": _free_ports(games)}
        settings["framerate"] = self._launch.frames_per_s
        if self._launch.action_repeat is not None:
            settings["action_repeat"] = self._launch.action_repeat
        return settings

    def close(self) -> None:
        """Remove the script and its log."""
        self._stack.close()

    def _command(self) -> list[str]:
        launch = self._launch
        if launch.env_path is not None:
            check_program(launch.env_path)
            return [str(launch.env_path.absolute())]
        godot = check_godot(launch.godot, "game.godot") if launch.godot else find_godot()
        project = launch.project or OWN_PROJECT
        scene = launch.scene if launch.scenario is None else find_scenario(launch.scenario).scene
        copy = import_project(project, godot)
        self._stack.enter_context(kept(copy))
        return [str(godot.path), "--path", str(copy), *([scene] if scene else []), "--xr-mode", "off"]

    def _arguments(self) -> list[str]:
        launch = self._launch
        params = to_json(dict(launch.params))
        return [f"--arenas={launch.arenas}", f"--physics_hz={launch.frames_per_s}", f"--params={params}"]


def require_client() -> None:
    """Raise NotMeasurable, with the command to install it, if the stock client or Stable-Baselines3 is missing."""
    missing = [name for name in ("godot_rl", "stable_baselines3") if importlib.util.find_spec(name) is None]
    if missing:
        raise NotMeasurable(
            f"{' and '.join(missing)}: not installed, as the package does without; "
            f"`pip install 'stable-baselines3>=2.7'`, then `pip install --no-deps godot-rl==0.8.2` "
            f"(without --no-deps pip refuses: its pins do not fit Ray's)"
        )


def watch(env: Any) -> None:
    """Close the client's connection when its game ends; otherwise the client would read nothing from it for ever."""

    def wait() -> None:
        env.proc.wait()
        env.connection.close()

    threading.Thread(target=wait, name="stock-game-watch", daemon=True).start()


def end(env: Any) -> None:
    """End a client and its game. The client's own `close` would take a second and print messages."""
    import atexit

    atexit.unregister(env._close)
    env.proc.kill()
    env.proc.wait()


def died(program: StockProgram, error: Exception) -> GameDied:
    """The exception to raise after the client failed, with the end of the game's log."""
    tail = "\n".join(f"  | {line}" for line in program.log.lines()[-20:])
    return GameDied(f"the game of the stock client failed: {error!r}; its log ends:\n{tail}")


def _free_ports(count: int) -> int:
    """The first of `count` consecutive free ports on 127.0.0.1."""
    while True:
        with ExitStack() as stack:
            try:
                first = stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1]
                for offset in range(1, count):
                    stack.enter_context(socket.create_server(("127.0.0.1", first + offset)))
            except (OSError, OverflowError):
                continue
            return int(first)
