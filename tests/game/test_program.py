"""A file that this machine cannot run is recognised before it is started, and named for what it is."""

from __future__ import annotations

import platform
import shutil
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from spacetime_rl.errors import LaunchError
from spacetime_rl.game import program
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.program import why_not_a_program

Make = Callable[[Path], object]


def _file(content: bytes, mode: int = 0o755) -> Make:
    def make(path: Path) -> None:
        path.write_bytes(content)
        path.chmod(mode)

    return make


def _elf(path: Path, at: int, value: bytes) -> None:
    """A real program with some bytes of its header changed."""
    shutil.copy("/bin/true", path)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(value)


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("game.x86_64", "")
    path.chmod(0o755)


def _app(path: Path) -> None:
    (path / "Contents" / "MacOS").mkdir(parents=True)


def _project(path: Path) -> None:
    path.mkdir()
    (path / "project.godot").touch()


def _export_folder(path: Path) -> None:
    path.mkdir()
    shutil.copy("/bin/true", path / "game.x86_64")
    (path / "game.pck").write_bytes(b"GDPC")


_FOREIGN = 183 if platform.machine() != "aarch64" else 62


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_file(b"MZ\x90\0" + bytes(60)), "is not a program for this machine (a Windows export?); export it"),
        (_file(b"MZ\x90\0", mode=0o644), "is not a program for this machine (a Windows export?)"),
        (_file(b"\xcf\xfa\xed\xfe" + bytes(60)), "is not a program for this machine (a macOS export?)"),
        (_file(b"\xca\xfe\xba\xbe" + bytes(60)), "is not a program for this machine (a macOS export?)"),
        (_file(b"\0asm\1\0\0\0"), "is not a program for this machine (a web export?)"),
        (lambda path: _elf(path, 18, struct.pack("<H", _FOREIGN)), "is not a program for this machine (it is for "),
        (lambda path: _elf(path, 16, struct.pack("<H", 1)), "is an object file, not a program"),
        (_file(b"GDPC" + bytes(60)), "is a Godot pack, not a program; name the program that was exported with it"),
        (_zip, "is an archive, not a program; unpack it"),
        (_app, "is not a program for this machine (a macOS application)"),
        (_project, "is a Godot project folder; name it as `game.project`"),
        (_export_folder, "is a folder, not a program; programs in it: game.x86_64"),
        (lambda path: path.mkdir(), "is a folder, not a program; there is none in it"),
        (_file(b"echo hello\n"), "is a text without a first line `#!…` that names what runs it"),
        (_file(b"#!/bin/sh\r\necho hello\r\n"), "is a script with Windows line ends"),
        (_file(b"#!/no/such/shell\n"), "is a script for /no/such/shell, which is not on this machine"),
        (_file(b"version https://git-lfs.github.com/spec/v1\noid"), "is a Git LFS pointer, not the file itself"),
        (_file(b""), "is empty"),
        (_file(bytes(range(256))), "is not a program: its format is unknown"),
        (_file(b"#!/bin/sh\n", mode=0o644), "is not executable; `chmod +x` it"),
        (lambda path: path.symlink_to("gone"), "is not a file: it is a link to gone, which does not exist"),
        (lambda path: path.with_name("game.x86").touch(), "is not a file; did you mean 'game.x86'?"),
        (lambda _: None, "is not a file"),
    ],
)
def test_what_cannot_be_run_is_named(tmp_path: Path, make: Make, words: str) -> None:
    path = tmp_path / "game.x86_64"
    make(path)
    found = why_not_a_program(path, "export it")
    assert found is not None
    assert found.startswith(words)


def test_a_program_whose_loader_is_not_installed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "game.x86_64"
    content = Path("/bin/true").read_bytes()
    loader = content[content.index(b"/lib") :].partition(b"\0")[0]
    path.write_bytes(content.replace(loader, loader[:-1] + b"X", 1))
    path.chmod(0o755)
    assert (found := why_not_a_program(path)) is not None
    assert found.startswith(f"does not run on this machine: it needs {loader[:-1].decode()}X, which is not installed")


@pytest.mark.parametrize("path", [sys.executable, "/bin/sh", "/usr/bin/env"])
def test_a_program_of_this_machine_is_none_of_them(path: str) -> None:
    assert why_not_a_program(Path(path)) is None


def test_a_script_with_an_interpreter_may_be_run(tmp_path: Path) -> None:
    _file(b"#!/usr/bin/env python3\n")(tmp_path / "game.py")
    assert why_not_a_program(tmp_path / "game.py") is None


def test_what_the_kernel_hands_to_wine_or_qemu_may_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = tmp_path / "binfmt_misc"
    handlers.mkdir()
    (handlers / "wine").write_text("enabled\ninterpreter /usr/bin/wine\nflags: \noffset 0\nmagic 4d5a\n")
    monkeypatch.setattr(program, "_BINFMT", handlers)
    _file(b"MZ\x90\0")(tmp_path / "game.exe")
    assert why_not_a_program(tmp_path / "game.exe") is None
    (handlers / "wine").write_text("disabled\ninterpreter /usr/bin/wine\nflags: \noffset 0\nmagic 4d5a\n")
    assert why_not_a_program(tmp_path / "game.exe") is not None


def test_a_program_that_the_kernel_refuses_all_the_same_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacetime_rl.game.launch.why_not_a_program", lambda *_: None)
    _file(b"MZ\x90\0")(tmp_path / "game.exe")
    with pytest.raises(LaunchError) as caught:
        open_game(GameLaunch(env_path=tmp_path / "game.exe"))
    cannot = f"SPACETIME-ERROR cannot start {tmp_path}/game.exe: Exec format error"
    assert f"the game ended before it connected (exit code 126; {cannot})" in str(caught.value)
    assert "Traceback" not in str(caught.value)
