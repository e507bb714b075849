"""The native library of policies in games: one C file, compiled against the header that the engine writes of itself.

A library is built into the cache folder, where every import of a project with the addon finds it. It can be put into a
project, too, so that the editor and exported games have it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.errors import SpacetimeError, UsageError
from spacetime_rl.game.engine import Godot, cache_dir
from spacetime_rl.game.files import ADDON
from spacetime_rl.game.program import machine_name
from spacetime_rl.game.run_program import quote_tail, run_program
from spacetime_rl.host.scratch import scratch_folder

SOURCE = Path(__file__).with_name("native_kernels.c")
FOLDER = Path("addons/spacetime_rl_native")  # in a project; beside the addon, which users replace as a whole

_NAME = "spacetime_rl_native"
_USER = ADDON / "policies/onnx/rl_native.gd"  # the script of the addon that calls the library
# In what the editor writes the extensions of a project into, and a game reads them from.
_EXTENSION_LIST = Path(".godot/extension_list.cfg")
_COMPILERS = ("cc", "gcc", "clang")
# Results must be those of GDScript: no option may reorder sums, or contract a product and a sum into one step.
_FLAGS = [
    *("-std=c11", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra"),
    *("-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"),
]
_HEADER = "gdextension_interface.h"
_TIMEOUT_S = 120.0
_EXTENSION = """[configuration]

entry_symbol = "spacetime_rl_native_init"
compatibility_minimum = "{oldest}"

[libraries]

linux.{machine} = "res://{library}"
"""


class NativeFailed(SpacetimeError):
    """The native library could not be built."""


def find_compiler() -> list[str]:
    """The command of the C compiler: $CC, else the first of cc, gcc and clang on PATH. Raises NativeFailed."""
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        if shutil.which(chosen[0]) is None:
            raise NativeFailed(f"CC: there is no program {chosen[0]}; set CC to a C compiler, or unset it")
        return chosen
    for name in _COMPILERS:
        if shutil.which(name):
            return [name]
    raise NativeFailed(
        "no C compiler: none of cc, gcc and clang is on PATH, and $CC is not set; "
        "on Debian or Ubuntu: apt install gcc libc6-dev. Policies work without the native library, too"
    )


def built_native(godot: Godot) -> Path | None:
    """The folder with the library for this engine, this machine and this version of the package, if it was built."""
    folder = _built(godot)
    return folder if folder.is_dir() else None


def build_native(godot: Godot, folder: Path | None = None, flags: Sequence[str] = ()) -> Path:
    """Compile the library into `folder`, which it replaces; returns it. By default it is where `built_native` looks.

    `flags` are for the compiler, too. Raises NativeFailed.
    """
    compiler = find_compiler()
    folder = folder or _built(godot)
    with scratch_folder("native") as scratch:
        _run([str(godot.path), "--headless", "--dump-gdextension-interface"], scratch, "Godot", _HEADER)
        made = scratch / "made"
        made.mkdir()
        (made / f"{_NAME}.gdextension").write_text(
            _EXTENSION.format(
                oldest=f"{godot.version[0]}.{godot.version[1]}",
                machine=machine_name(),
                library=(FOLDER / _library()).as_posix(),
            )
        )
        command = [*compiler, *_FLAGS, *flags, f"-I{scratch}", str(SOURCE), "-o", str(made / _library()), "-lm"]
        _run(command, scratch, "the C compiler", f"made/{_library()}")
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = folder.with_name(f"{folder.name}.{os.getpid()}")  # beside its place, so that the last step is a rename
        shutil.copytree(made, new)
        shutil.rmtree(folder, ignore_errors=True)
        new.rename(folder)
    return folder


def uses_native(project: Path) -> bool:
    """Whether the addon in a project knows the library, and the project has none of its own."""
    return (project / _USER).is_file() and not (project / FOLDER).exists()


def add_native(project: Path, built: Path) -> Path:
    """Put a library that was built into a project; returns its folder there. Raises UsageError."""
    if not (project / _USER).is_file():
        raise UsageError(f"{project}: has no {_USER}; put this version's addon there by `spacetime-rl godot addon`")
    folder = project / FOLDER
    try:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(built, folder)
        _list_extension(project)
    except OSError as error:
        raise UsageError(f"{project}: the library cannot be written there: {error}") from error
    return folder


def remove_native(project: Path) -> None:
    """Take the library out of a copy of a project."""
    shutil.rmtree(project / FOLDER, ignore_errors=True)
    _list_extension(project, there=False)


def native_beside(program: Path) -> Path:
    """The library of an exported game: Godot puts it beside the program."""
    return program.with_name(_library())


def _list_extension(project: Path, there: bool = True) -> None:
    """Name the extension where a game looks for it, or no longer. The editor does so at its next start, too."""
    file = project / _EXTENSION_LIST
    if not file.parent.is_dir():
        return
    line = f"res://{(FOLDER / _NAME).as_posix()}.gdextension"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    wanted = [other for other in lines if other != line] + [line] * there
    if wanted != lines:
        file.write_text("".join(f"{other}\n" for other in wanted), encoding="utf-8")


def _library() -> str:
    return f"lib{_NAME}.linux.{machine_name()}.so"


def _built(godot: Godot) -> Path:
    content = SOURCE.read_bytes() + Path(__file__).read_bytes()
    version = f"{godot.version[0]}.{godot.version[1]}"
    return cache_dir() / "native" / f"{version}-{machine_name()}-{hashlib.sha256(content).hexdigest()[:8]}"


def _run(command: Sequence[str], folder: Path, who: str, makes: str) -> None:
    """Run a step that makes a file in `folder`. Raises NativeFailed with the end of what the step printed."""
    try:
        done = run_program(command, _TIMEOUT_S, folder=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NativeFailed(f"native library: {who} failed: {error}") from error
    if done.returncode != 0 or not (folder / makes).is_file():
        raise NativeFailed(
            f"native library: {who} made no {Path(makes).name} (exit code {done.returncode}){_advice(done.stdout)}; "
            f"it says:\n{quote_tail(done.stdout)}"
        )


def _advice(output: str) -> str:
    if re.search(r"(stdint|stddef|math|string|stdlib)\.h", output):
        return "; the C library's headers are missing: on Debian or Ubuntu, apt install libc6-dev"
    return ""
