"""Checks of the machine: Python, packages, disk, limits."""

from __future__ import annotations

import platform
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from spacetime_rl.errors import SpacetimeError
from spacetime_rl.game.engine import cache_dir
from spacetime_rl.host.machine_limits import make_room_for_ray, open_files, shared_memory, small_shared_memory

SHOWN = ("ray", "torch", "mlflow", "onnx", "onnxruntime", "gymnasium", "pettingzoo", "numpy")
NEEDED_GB = 2.0  # free space for results, and for imported projects


def packages() -> str:
    """Check that Python and all dependencies have supported versions."""
    python = platform.python_version()
    wanted = metadata.metadata("spacetime-rl")["Requires-Python"]
    problems = [] if Requirement(f"python{wanted}").specifier.contains(python) else [f"Python {python}, not {wanted}"]
    requirements = [Requirement(text) for text in metadata.requires("spacetime-rl") or ()]
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate():
            problems += _missing(requirement)
    if problems:
        raise SpacetimeError("; ".join(problems))
    return ", ".join([f"Python {python}", *(f"{name} {metadata.version(name)}" for name in SHOWN)])


def disk() -> str:
    """Check that folders for results and imported projects are writable and have `NEEDED_GB` GB free."""
    folders = {"results (here)": _existing(Path.cwd()), "cache": _existing(cache_dir())}
    free = {name: shutil.disk_usage(folder).free / 1e9 for name, folder in folders.items()}
    for name, folder in folders.items():
        if free[name] < NEEDED_GB:
            raise SpacetimeError(f"{free[name]:.1f} GB free for {name}, {folder}; {NEEDED_GB:g} GB are needed")
        try:
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            raise SpacetimeError(f"nothing can be written for {name} to {folder}: {error.strerror}") from error
    return ", ".join(f"{gigabytes:.0f} GB free for {name}" for name, gigabytes in free.items())


def limits() -> str:
    """Check the machine's limits for a private Ray: open files, shared memory, sockets, a loopback address."""
    make_room_for_ray()
    found = f"{open_files()} open files, {shared_memory()}"
    return "; ".join(filter(None, (found, small_shared_memory())))


def _missing(requirement: Requirement) -> list[str]:
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return [f"{requirement.name} is not installed"]
    if requirement.specifier.contains(version, prereleases=True):
        return []
    return [f"{requirement.name} is {version}, not {requirement.specifier}"]


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
