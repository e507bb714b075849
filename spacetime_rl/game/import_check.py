"""Describes what is missing from a project after Godot imported it, because an incomplete import exits with 0, too."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from spacetime_rl.game.files import project_files

_LFS = b"version https://git-lfs"
_LFS_MAX_BYTES = 1024  # a Git LFS pointer is smaller, by its specification
_IMPORTED = {  # suffixes of files that a game can load only after an import
    *(".png", ".jpg", ".jpeg", ".svg", ".webp", ".tga", ".bmp", ".hdr", ".exr", ".ktx", ".dds"),
    *(".wav", ".ogg", ".mp3", ".glb", ".gltf", ".fbx", ".obj", ".dae"),
    *(".ttf", ".otf", ".woff", ".woff2"),
}
_REFERENCE = re.compile(r'^\[ext_resource\b(.*?)\bpath="res://([^"]+)"(.*)\]', re.MULTILINE)
_UID = re.compile(r'uid="?(uid://\w+)')
_AUTOLOAD = re.compile(r'^\w+="\*?res://([^"]+)"', re.MULTILINE)
_BLEND, _CSHARP = ".blend", ".cs"
_SHOWN = 4


class NothingImported(Exception):
    """The project has files to import, and Godot imported none of them."""


def blend_files(project: Path) -> list[str]:
    """The project's .blend files that Godot would import."""
    return [name for name in _files(project) if name.endswith(_BLEND)]


def find_problems(copy: Path, output: str, without_blender: bool) -> list[str]:
    """Everything that a game run from an imported `copy` lacks, in words; `output` is what the import printed.

    Raises NothingImported.
    """
    files = _files(copy)
    pointers = [name for name in files if _is_lfs_pointer(copy / name)]
    problems: list[str] = []
    if pointers:
        problems.append(f"{_few(pointers)}: Git LFS pointers, not the files themselves; run `git lfs pull`")
    if without_blender and (blends := [name for name in files if name.endswith(_BLEND)]):
        sources = {target: source for source, target, _ in _references(copy, files)}
        named = [f"{name} (named in {sources[name]})" if name in sources else name for name in blends]
        named.sort(key=lambda text: "(" not in text)  # files that a scene refers to come first
        problems.append(
            f"{_few(named)}: not imported, because there is no Blender on this machine; install it, or set its path "
            "in Godot's editor settings, or export these files to .glb"
        )
    problems += _not_imported([name for name in files if name not in pointers], copy, output)
    problems += _extensions_without_library(copy, files)
    problems += _missing_references(copy, files)
    if ".mono." not in output.partition("\n")[0] and (scripts := sorted(_csharp_scripts(copy, files))):
        problems.append(
            f"{_few(scripts)}: C# scripts, and this Godot is built without .NET: they do not run; export the game "
            "with Godot's .NET build and name it as game.env_path"
        )
    return problems


def _files(project: Path) -> list[str]:
    """Paths relative to the project, sorted."""
    return sorted(path.relative_to(project).as_posix() for path in project_files(project))


def _is_lfs_pointer(path: Path) -> bool:
    try:
        return path.stat().st_size < _LFS_MAX_BYTES and path.read_bytes().startswith(_LFS)
    except OSError:
        return False


def _not_imported(files: Sequence[str], copy: Path, output: str) -> list[str]:
    wanted = [name for name in files if Path(name).suffix.lower() in _IMPORTED]
    missing = [name for name in wanted if not _is_imported(copy, name)]
    if wanted and missing == wanted and not any((copy / f"{name}.import").is_file() for name in wanted):
        raise NothingImported
    reasons = _reasons(output)
    explained = [f"{name} ({reasons[name]})" if name in reasons else name for name in missing]
    return [f"{_few(explained)}: not imported; the game has no such resources"] if missing else []


def _is_imported(copy: Path, name: str) -> bool:
    """Whether all files that the file's .import names exist; "keep" and "skip" files need none."""
    try:
        text = (copy / f"{name}.import").read_text()
    except OSError:
        return False
    if re.search(r'^importer="(keep|skip)"', text, re.MULTILINE):
        return True
    listed = re.search(r"^dest_files=\[(.*)\]", text, re.MULTILINE)
    made = re.findall(r'"res://([^"]+)"', listed[1]) if listed else []
    return "valid=false" not in text and all((copy / path).is_file() for path in made)


def _reasons(output: str) -> dict[str, str]:
    """Why files were not imported: for each, the first engine error since the last progress line."""
    reasons: dict[str, str] = {}
    errors: list[str] = []
    for line in output.splitlines():
        if failed := re.match(r"ERROR: Error importing 'res://(.+)'\.", line):
            said = [error for error in errors if not error.startswith("Condition ")] or errors
            if said:
                reasons[failed[1]] = said[0].rstrip(".")
            errors = []
        elif line.startswith("["):
            errors = []
        elif line.startswith("ERROR: "):
            errors.append(line.removeprefix("ERROR: ").strip())
    return reasons


def _extensions_without_library(copy: Path, files: Iterable[str]) -> Iterator[str]:
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    for name in files:
        if name.endswith(".gdextension"):
            text = (copy / name).read_text(errors="replace")
            named = re.findall(r'^"?(linux[\w.]*)"?\s*=\s*"([^"]+)"', text, re.MULTILINE)
            suited = [path for tags, path in named if machine in tags.split(".") or not _names_a_machine(tags)]
            if not suited:
                yield f"{name}: a GDExtension without a library for Linux, {machine}; the game runs without it"
            elif not any(_in_project(copy, name, path).is_file() for path in suited):
                yield f"{name}: a GDExtension whose library {suited[0]} is not there; the game runs without it"


def _names_a_machine(tags: str) -> bool:
    return bool({"x86_64", "x86_32", "arm64", "arm32", "rv64", "ppc64", "riscv64"} & set(tags.split(".")))


def _in_project(copy: Path, extension: str, library: str) -> Path:
    if library.startswith("res://"):
        return copy / library.removeprefix("res://")
    return copy / Path(extension).parent / library


def _missing_references(copy: Path, files: Sequence[str]) -> list[str]:
    there = set(files)
    names_by_case = {name.lower(): name for name in files}
    known = _uids(copy, files)
    missing: dict[str, str] = {}
    for source, target, uid in _references(copy, files):
        if target not in there and uid not in known and not (copy / target).exists():
            missing.setdefault(target, source)
    problems = []
    for target, source in missing.items():
        other = names_by_case.get(target.lower())
        hint = f"; it is {other}: upper and lower case differ on Linux" if other else ""
        problems.append(f"{target} (named in {source}{hint})")
    return [f"{_few(problems)}: not in the project"] if problems else []


def _references(copy: Path, files: Iterable[str]) -> Iterator[tuple[str, str, str | None]]:
    """Every (file, path it refers to, uid it refers to) of scenes, resources and the project's autoloads."""
    for name in files:
        if name.endswith((".tscn", ".tres")):
            for before, target, after in _REFERENCE.findall((copy / name).read_text(errors="replace")):
                uid = _UID.search(before + after)
                yield name, target, uid[1] if uid else None
    settings = (copy / "project.godot").read_text(errors="replace")
    autoloads = settings.partition("[autoload]")[2].partition("\n[")[0]
    for target in _AUTOLOAD.findall(autoloads):
        yield "project.godot", target, None


def _uids(copy: Path, files: Iterable[str]) -> set[str]:
    known = set()
    for name in files:
        if name.endswith((".tscn", ".tres", ".import", ".uid")):
            head = (copy / name).read_text(errors="replace")[:2000]
            found = re.search(r"uid://\w+", head) if name.endswith(".uid") else _UID.search(head)
            if found:
                known.add(found[1] if found.re is _UID else found[0])
    return known


def _csharp_scripts(copy: Path, files: Iterable[str]) -> set[str]:
    return {target for _, target, _ in _references(copy, files) if target.endswith(_CSHARP)}


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
