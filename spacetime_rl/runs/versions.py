"""The versions that a run is made with: of packages and engine, and the git revision of the user's own work."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version

from spacetime_rl import __version__

_PACKAGES = ("ray", "torch", "numpy", "mlflow", "onnx", "onnxruntime")


def collect_versions(godot: str | None) -> dict[str, str]:
    """Name and version of everything that affects results; `git_revision` if the working folder is in git."""
    versions = {"spacetime-rl": __version__, "python": platform.python_version()}
    versions |= {package: version(package) for package in _PACKAGES}
    if godot:
        versions["godot"] = godot
    revision = git_revision()
    return versions | ({"git_revision": revision} if revision else {})


def other_versions(begun_with: Mapping[str, str]) -> str:
    """The packages that pickle a run's state and have another version now: `spacetime-rl 0.1.0 (here: 0.2.0)`."""
    here = {"spacetime-rl": __version__, "ray": version("ray")}
    pairs = [(name, begun_with.get(name, ours), ours) for name, ours in here.items()]
    return ", ".join(f"{name} {theirs} (here: {ours})" for name, theirs, ours in pairs if theirs != ours)


def git_revision() -> str | None:
    """The commit of the working folder, with `-dirty` if files differ from it; None outside git."""
    # `--match=` matches no tag, so that the whole commit is given instead of the distance from a tag.
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--match="]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
