"""The files and environment that are sent with a job: the user's folder, this package and its dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

import spacetime_rl
from spacetime_rl.game.ensure import INSTALL

PACKAGE = "spacetime-rl"
_LEFT_OUT = ["results", ".venv", "venv", ".git", ".godot", "__pycache__"]
_NEVER = ("ray", "torch")  # the cluster has its own, in the right build for its hardware
_ENVIRONMENT = {
    INSTALL: "1",
    "RAY_JOB_STOP_SIGNAL": "SIGINT",  # a job is stopped as a run by Ctrl-C: it is saved and can be resumed
    "RAY_JOB_STOP_WAIT_TIME_S": "60",  # to save before the job is killed; Ray's default is 3 s
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def runtime_env(folder: Path | None, install: bool) -> dict[str, Any]:
    """Ray's `runtime_env` of a job. `folder` is the user's folder, or None to send none.

    With `install`, nodes install the versions of all dependencies that are installed here.
    """
    env: dict[str, Any] = {
        "py_modules": [str(Path(spacetime_rl.__file__).parent)],
        "excludes": _LEFT_OUT,
        "env_vars": dict(_ENVIRONMENT),
    }
    if folder is not None:
        env["working_dir"] = str(folder)
    if install:
        # The list is complete, so that a node resolves nothing itself. These options replace Ray's default, --no-cache:
        # nodes keep the packages.
        env["uv"] = {"packages": sorted(pinned()), "uv_pip_install_options": ["--no-deps"]}
    return env


def why_not_sent(path: Path) -> str | None:
    """The reason why a file or folder would not be sent with a job; None if it is sent, or if its path is absolute."""
    if path.is_absolute():
        return None
    place, here = path.absolute().resolve(), Path.cwd().resolve()
    if not place.is_relative_to(here):
        return f"{path} is not below {here}, the folder that a job brings along; copy it there"
    if left_out := {*place.relative_to(here).parts} & {*_LEFT_OUT}:
        return f"{path} is in a folder that a job does not bring along, {sorted(left_out)[0]}; copy it elsewhere"
    return None if place.exists() else f"there is no {path} in {here}, from where a job would bring it along"


def pinned(name: str = PACKAGE) -> set[str]:
    """All packages that a package needs, directly or not, as `name==version` of the installed versions."""
    found: set[str] = set()
    waiting = [name]
    seen = {name, *_NEVER}
    while waiting:
        for needed in _needs(waiting.pop()):
            if needed not in seen:
                seen.add(needed)
                waiting.append(needed)
                found.add(f"{needed}=={metadata.version(needed)}")
    return found


def _needs(name: str) -> Iterator[str]:
    for line in metadata.requires(name) or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            yield needed.name.lower().replace("_", "-")
