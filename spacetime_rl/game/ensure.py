"""Have an engine on this machine, installed where that was asked for: nodes of a cluster come and go."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from spacetime_rl.errors import GodotNotFound
from spacetime_rl.game.engine import Godot, cache_dir, find_godot
from spacetime_rl.host.locks import locked
from spacetime_rl.host.system import kill_group, require_linux

INSTALL = "SPACETIME_RL_INSTALL_GODOT"  # set to 1, a missing engine is installed by whoever needs it first
_TIDY_S = 5.0
_YOURSELF = "install Godot 4.5 or newer yourself and set GODOT_BIN to it"


def ensure_godot(install: bool | None = None) -> Godot:
    """The Godot to use, installed into the private prefix if there is none and `install`, or the environment, says so.

    Processes of a machine that ask at the same time install one. Raises what `find_godot` does.
    """
    require_linux("Godot")
    if install is None:
        install = os.environ.get(INSTALL) == "1"
    try:
        return find_godot()
    except GodotNotFound:
        if not install or os.environ.get("GODOT_BIN"):  # the user's choice, which an installed one would not replace
            raise
    cache_dir().mkdir(parents=True, exist_ok=True)
    with locked(cache_dir() / "install.lock", "installs Godot"):
        try:
            return find_godot()
        except GodotNotFound:
            _run_installer()
            return find_godot()


def _run_installer() -> None:
    """Run the packaged script. Raises GodotNotFound where it fails; it has said why on stderr by then."""
    script = Path(__file__).with_name("install_godot.sh")
    if shutil.which("bash") is None:
        raise GodotNotFound(f"the installer needs bash, which is not on PATH; {_YOURSELF}")
    with subprocess.Popen(
        ["bash", str(script)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
    ) as installer:
        try:
            code = installer.wait()
        except BaseException:
            _end(installer)
            raise
    if code != 0:
        raise GodotNotFound(f"the installer ended with exit code {code}; {_YOURSELF}")


def _end(installer: subprocess.Popen[bytes]) -> None:
    """End it, which removes what it has written by halves, and then whatever it has started."""
    installer.terminate()
    try:
        installer.wait(_TIDY_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        kill_group(installer.pid)
