"""Make sure that this machine has a Godot engine, and install one on request: a cluster's nodes come and go."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from spacetime_rl.errors import GodotNotFound
from spacetime_rl.game.engine import Godot, cache_dir, find_godot
from spacetime_rl.game.templates import TEMPLATE, find_template
from spacetime_rl.host.locks import locked
from spacetime_rl.host.system import kill_group, require_linux

INSTALL = "SPACETIME_RL_INSTALL_GODOT"  # set to 1, the first process that needs an engine and finds none installs it
_TIDY_S = 5.0  # seconds in which the installer may remove incomplete files
_YOURSELF = "install Godot 4.5 or newer yourself and set GODOT_BIN to it"


def ensure_godot(install: bool | None = None) -> Godot:
    """The Godot to use; installs one into the private prefix if none is found and installing is allowed.

    `install` allows it; None reads SPACETIME_RL_INSTALL_GODOT. Processes that call this at the same time on one machine
    install once. Raises the errors of `find_godot`.
    """
    require_linux("Godot")
    if install is None:
        install = os.environ.get(INSTALL) == "1"
    try:
        return find_godot()
    except GodotNotFound:
        # GODOT_BIN is the user's choice, which an installed engine would not replace.
        if not install or os.environ.get("GODOT_BIN"):
            raise
    cache_dir().mkdir(parents=True, exist_ok=True)
    with locked(cache_dir() / "install.lock", "installs Godot"):
        try:
            return find_godot()
        except GodotNotFound:
            _run_installer()
            return find_godot()


def ensure_template(godot: Godot) -> Path:
    """The export template of an engine's version; installs it into the private prefix if none is found.

    Raises GodotNotFound.
    """
    cache_dir().mkdir(parents=True, exist_ok=True)
    with locked(cache_dir() / "install.lock", "installs Godot"):
        try:
            return find_template(godot)
        except GodotNotFound:
            _run_installer(GODOT_PACKAGE=TEMPLATE, GODOT_SERIES=godot.version_text)
            return find_template(godot)


def _run_installer(**environment: str) -> None:
    """Run the packaged install script, which prints errors on stderr. Raises GodotNotFound if it fails."""
    script = Path(__file__).with_name("install_godot.sh")
    if shutil.which("bash") is None:
        raise GodotNotFound(f"the installer needs bash, which is not on PATH; {_YOURSELF}")
    with subprocess.Popen(
        ["bash", str(script)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, **environment},
    ) as installer:
        try:
            code = installer.wait()
        except BaseException:
            _end(installer)
            raise
    if code != 0:
        raise GodotNotFound(f"the installer ended with exit code {code}; {_YOURSELF}")


def _end(installer: subprocess.Popen[bytes]) -> None:
    """Terminate the installer, which removes incomplete files, and then kill its whole process group."""
    installer.terminate()
    try:
        installer.wait(_TIDY_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        kill_group(installer.pid)
