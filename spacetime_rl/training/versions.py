"""What a run is made with: versions of packages and engine, and the revision of the user's own work."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import version

from spacetime_rl import __version__

_PACKAGES = ("ray", "torch", "numpy", "mlflow", "onnx", "onnxruntime")


def collect_versions(godot: str | None) -> dict[str, str]:
    """Name and version of everything that shapes a result; `git_revision` where the working folder has one."""
    versions = {"spacetime-rl": __version__, "python": platform.python_version()}
    versions |= {package: version(package) for package in _PACKAGES}
    if godot:
        versions["godot"] = godot
    revision = git_revision()
    return versions | ({"git_revision": revision} if revision else {})


def git_revision() -> str | None:
    """The commit of the working folder, with `-dirty` where files differ from it; None outside of git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
