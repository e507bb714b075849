"""Whether this machine can run a file as a program, decided by its first bytes; if not, why, in words."""

from __future__ import annotations

import difflib
import os
import platform
import struct
from collections.abc import Iterator
from pathlib import Path

PACK = ".pck"  # the end of a pack's name: an exported game that the engine runs
_HEAD_BYTES = 4096  # bytes read to identify a file
_ELF = b"\x7fELF"
_NOT_OURS = {  # by the first bytes: the likely origin of a file that Linux does not run
    b"MZ": "a Windows export?",
    b"\xcf\xfa\xed\xfe": "a macOS export?",
    b"\xce\xfa\xed\xfe": "a macOS export?",
    b"\xfe\xed\xfa\xcf": "a macOS export?",
    b"\xfe\xed\xfa\xce": "a macOS export?",
    b"\xca\xfe\xba\xbe": "a macOS export?",
    b"\xbe\xba\xfe\xca": "a macOS export?",
    b"\0asm": "a web export?",
    b"<!DOCTYPE html": "a web export?",
    b"<html": "a web export?",
}
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\xfd7zXZ\0", b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd")
_MACHINES = {  # by e_machine of an ELF file: names of the machine, the first as `uname -m` prints it
    3: ("i686", "i386", "i586"),
    8: ("mips",),
    20: ("ppc",),
    21: ("ppc64le", "ppc64"),
    22: ("s390x",),
    40: ("armv7l", "armv8l", "armv6l"),
    62: ("x86_64",),
    183: ("aarch64", "arm64"),
    243: ("riscv64", "riscv32"),
    258: ("loongarch64",),
}
_RUNS_TOO = {"x86_64": ("i686",), "aarch64": ("armv7l",)}  # 32-bit programs that run if their libraries are installed
_EXECUTABLE, _SHARED = 2, 3  # e_type
_INTERPRETER = 3  # p_type
_BINFMT = Path("/proc/sys/fs/binfmt_misc")


def why_not_a_program(path: Path, remedy: str = "") -> str | None:
    """Why a file cannot be run, and what to do: "is not executable; …". None if no fault is found.

    `remedy` is the advice for a program that was made for another machine.
    """
    try:
        if path.is_dir():
            return _of_folder(path, remedy)
        if not path.is_file():
            return _of_nothing(path)
        fault = _of_content(path, remedy)
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    if fault is None and not os.access(path, os.X_OK):
        marked = path.stat().st_mode & 0o111
        return (
            "may not be run by this user, or lies on a file system that runs no programs (noexec)"
            if marked
            else "is not executable; `chmod +x` it"
        )
    return fault


def machine_name() -> str:
    """This machine's kind of processor, as Godot names it in export presets and templates."""
    return {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


def why_not_a_pack(path: Path) -> str | None:
    """Why the engine cannot run the file at `path` as an exported game's pack; None if it looks like one."""
    try:
        if not path.is_file():
            return _of_nothing(path)
        with path.open("rb") as file:
            return None if file.read(4) == b"GDPC" else "is not a pack of a Godot game"
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def _of_folder(path: Path, remedy: str) -> str:
    if path.suffix == ".app" or (path / "Contents/MacOS").is_dir():
        return f"is not a program for this machine (a macOS application){_after(remedy)}"
    if (path / "project.godot").is_file():
        return "is a Godot project folder; name it as `game.project`"
    inside = [child.name for child in sorted(path.iterdir()) if child.is_file() and why_not_a_program(child) is None]
    return f"is a folder, not a program; {f'programs in it: {_few(inside)}' if inside else 'there is none in it'}"


def _of_nothing(path: Path) -> str:
    if path.is_symlink():
        return f"is not a file: it is a link to {path.readlink()}, which does not exist"
    if path.exists():
        return "is not a file but a device, pipe or socket"
    beside = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    return f"is not a file; did you mean '{near[0]}'?" if near else "is not a file"


def _of_content(path: Path, remedy: str) -> str | None:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except PermissionError:  # a program may be executable without being readable
        return None
    if not head:
        return "is empty"
    if _kernel_has_a_handler(path, head):
        return None
    if head.startswith(_ELF):
        return _of_elf(head, remedy)
    if head.startswith(b"#!"):
        return _of_script(head)
    for start, guess in _NOT_OURS.items():
        if head.startswith(start):
            return f"is not a program for this machine ({guess}){_after(remedy)}"
    if head.startswith(b"GDPC"):
        return "is a Godot pack, not a program; name the program that was exported with it, which lies beside it"
    if head.startswith(_ARCHIVES):
        what = "is an archive, not a program; unpack it (an export for macOS or Android does not run here)"
        return what + _after(remedy)
    if head.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself; run `git lfs pull`"
    if _is_text(head):
        return "is a text without a first line `#!…` that names what runs it, such as `#!/bin/sh`"
    return "is not a program: its format is unknown"


def _of_elf(head: bytes, remedy: str) -> str | None:
    # Offsets in the ELF header, man elf(5): 4 word size, 5 byte order, 16 e_type, 18 e_machine, 24 e_entry.
    order = "<" if head[5:6] == b"\x01" else ">"
    kind, machine = struct.unpack_from(f"{order}HH", head, 16)
    here = platform.machine()
    names = _MACHINES.get(machine, (f"machine number {machine}",))
    if here not in names and not set(names) & set(_RUNS_TOO.get(here, ())):
        return f"is not a program for this machine (it is for {names[0]}, this is {here}){_after(remedy)}"
    if kind not in (_EXECUTABLE, _SHARED):
        return "is an object file, not a program"
    interpreter = _interpreter(head, order)
    if interpreter is not None and not Path(interpreter).exists():
        return f"does not run on this machine: it needs {interpreter}, which is not installed"
    entry = struct.unpack_from(f"{order}{'Q' if head[4] == 2 else 'I'}", head, 24)[0]
    return "is a library, not a program" if kind == _SHARED and interpreter is None and not entry else None


def _interpreter(head: bytes, order: str) -> str | None:
    """The dynamic loader that an ELF file names; None if it names none within the bytes read."""
    # 64-bit and 32-bit ELF differ in the offsets of e_phoff (32, 28), e_phentsize (54, 42) and p_offset (8, 4).
    wide = head[4] == 2
    table = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, 32 if wide else 28)[0]
    size, count = struct.unpack_from(f"{order}HH", head, 54 if wide else 42)
    for at in range(table, table + size * count, size or 1):
        if at + size > len(head):
            return None
        if struct.unpack_from(f"{order}I", head, at)[0] == _INTERPRETER:
            offset = struct.unpack_from(f"{order}{'Q' if wide else 'I'}", head, at + (8 if wide else 4))[0]
            return head[offset:].partition(b"\0")[0].decode(errors="replace") or None
    return None


def _of_script(head: bytes) -> str | None:
    line = head.partition(b"\n")[0]
    words = line[2:].decode(errors="replace").strip(" \t").split(" ")
    interpreter = words[0]
    if interpreter.endswith("\r"):
        return "is a script with Windows line ends, which Linux does not run; save it with Unix line ends"
    if not Path(interpreter).exists():
        return f"is a script for {interpreter or 'nothing'}, which is not on this machine"
    return None


def _is_text(head: bytes) -> bool:
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and b"\0" not in head  # the bytes read end inside a character
    return b"\0" not in head


def _kernel_has_a_handler(path: Path, head: bytes) -> bool:
    """Whether a handler for such files is registered with the kernel (binfmt_misc), as Wine and QEMU do."""
    return any(_handles(entry, path, head) for entry in _handlers())


def _handlers() -> Iterator[dict[str, str]]:
    try:
        entries = [entry for entry in _BINFMT.iterdir() if entry.name not in {"register", "status"}]
        texts = [entry.read_text() for entry in entries]
    except OSError:
        return
    for text in texts:
        lines = text.splitlines()
        if lines[:1] == ["enabled"]:
            yield {key: value for key, _, value in (line.partition(" ") for line in lines)}


def _handles(handler: dict[str, str], path: Path, head: bytes) -> bool:
    if "extension" in handler:
        return path.name.endswith(handler["extension"])
    magic = bytes.fromhex(handler.get("magic", ""))
    mask = bytes.fromhex(handler.get("mask", "ff" * len(magic)))
    start = int(handler.get("offset", "0"))
    found = head[start : start + len(magic)]
    return bool(magic) and bytes(a & b for a, b in zip(found, mask, strict=False)) == magic


def _after(remedy: str) -> str:
    return f"; {remedy}" if remedy else ""


def _few(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
