"""Godot projects: the package's own with its scenarios, and the imported copies that games run from."""

from __future__ import annotations

import contextlib
import difflib
import functools
import hashlib
import json
import logging
import os
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from spacetime_rl.errors import ImportFailed, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.blender import find_blender, is_switched_off, switch_off, write_import_settings
from spacetime_rl.game.engine import Godot, cache_dir
from spacetime_rl.game.files import left_out, project_files
from spacetime_rl.game.import_check import NothingImported, blend_files, find_problems
from spacetime_rl.game.import_notice import noticed
from spacetime_rl.game.native import add_native, built_native, uses_native
from spacetime_rl.game.run_program import quote_errors, quote_tail, run_program
from spacetime_rl.host.locks import locked
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.host.system import lock_file

_log = logging.getLogger(__name__)

OWN_PROJECT = Path(__file__).parent.parent / "godot"

_IMPORT_TIMEOUT_S = 600.0  # measured imports took 8 to 18 s
_KEEP_COPIES = 3
# In every complete copy; its modification time is that of the last use, and running games hold a lock on it.
_MARK = ".spacetime-import"
_SCENES = {".tscn", ".scn"}


@dataclass(frozen=True, slots=True)
class Variant:
    """A named set of a scenario's parameters. `policies` play with it or, if `adversarial`, against it."""

    name: str
    description: str
    policies: tuple[str, ...]
    params: Mapping[str, Any]
    adversarial: bool = False


@dataclass(frozen=True, slots=True)
class LessonInfo:
    """An easier form of a scenario, and when it ends; a condition that scenario.json lacks is None."""

    name: str
    description: str
    params: Mapping[str, Any]
    success_rate: float | None
    window: int | None
    agent_steps: int | None


@dataclass(frozen=True, slots=True)
class ScenarioInfo:
    """The content of `scenarios/<name>/scenario.json`; `scene` is the resource path of its scene."""

    name: str
    title: str
    description: str
    scene: str
    variants: tuple[Variant, ...]
    lessons: tuple[LessonInfo, ...] = ()


def scenarios(project: Path = OWN_PROJECT) -> list[ScenarioInfo]:
    """The scenarios in a project, by name. Raises UsageError on a malformed scenario.json."""
    return [_read_scenario(path) for path in sorted(project.glob("scenarios/*/scenario.json"))]


def scenario_names() -> list[str]:
    """The names of the package's scenarios."""
    return [scenario.name for scenario in scenarios()]


def find_scenario(name: str) -> ScenarioInfo:
    """The scenario of that name. Raises UsageError, with the nearest name, if there is none."""
    known = {scenario.name: scenario for scenario in scenarios()}
    if name in known:
        return known[name]
    raise UsageError(f"scenario: there is no '{name}'; {_hint(name, list(known))}")


def check_scene(project: Path, scene: str) -> None:
    """Raises UsageError, with the nearest name, where a project has no such scene; the engine's own error is vague."""
    if scene.startswith("uid://") or (project / scene.removeprefix("res://")).is_file():
        return
    known = [
        f"res://{path.relative_to(project).as_posix()}" for path in project_files(project) if path.suffix in _SCENES
    ]
    namesakes = [other for other in known if other.rpartition("/")[2] == scene.rpartition("/")[2]]
    raise UsageError(f"game.scene: {project} has no {scene}; {_hint(scene, sorted(namesakes or known))}")


class Preparation(Protocol):
    """What is done to a copy of a project before it is imported."""

    @property
    def kind(self) -> str:
        """A part of the copy's name, which tells copies apart that were prepared differently."""

    def prepare(self, copy: Path) -> None:
        """Change the copy."""


def import_project(project: Path, godot: Godot, preparation: Preparation | None = None) -> Path:
    """The imported copy of a project in the cache folder, made once per content, preparation and Godot version.

    Any number of processes may call this at once. Raises UsageError if `project` is not a Godot project, and
    ImportFailed.
    """
    if not (project / "project.godot").is_file():
        raise UsageError(f"{project} is not a Godot project: it has no project.godot")
    project = project.resolve()
    home = cache_dir() / "imports" / f"{_slug(project.name)}-{hashlib.sha256(str(project).encode()).hexdigest()[:8]}"
    without_blender = _lacks_blender(project, godot)
    native = built_native(godot) if uses_native(project) else None
    kind = ("-no-blender" if without_blender else "") + (f"-native-{native.name[-8:]}" if native else "")
    kind += preparation.kind if preparation else ""
    copy = home / f"{godot.version_text}-{content_hash(project)}{kind}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(Path(f"{home}.lock"), f"imports {project.name}"):
            if not (copy / _MARK).exists():
                shutil.rmtree(copy, ignore_errors=True)  # partly removed by a process that was killed
                _make_copy(project, copy, godot, without_blender, native, preparation)
            (copy / _MARK).touch()
            _prune(home)
    except OSError as error:
        raise ImportFailed(
            f"cannot import {project} into {home}: {error}; XDG_CACHE_HOME chooses the folder"
        ) from error
    _warn(project, copy)
    return copy


@contextlib.contextmanager
def kept(copy: Path) -> Iterator[int]:
    """A descriptor that protects an imported copy from removal while any process has it open."""
    fd = os.open(copy / _MARK, os.O_RDONLY)
    try:
        lock_file(fd, shared=True)
        yield fd
    finally:
        os.close(fd)


def _lacks_blender(project: Path, godot: Godot) -> bool:
    """Whether the project needs Blender for its import and Blender is missing."""
    wanted = blend_files(project) and not is_switched_off(project / "project.godot")
    return bool(wanted) and find_blender(godot.path) is None


def _hint(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(known[:12]) or 'none'}{more}"


def _read_scenario(path: Path) -> ScenarioInfo:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return ScenarioInfo(
            name=data["name"],
            title=data["title"],
            description=data["description"],
            scene=f"res://scenarios/{path.parent.name}/{data['scene']}",
            variants=tuple(_read_variant(v) for v in data.get("variants", [])),
            lessons=tuple(_read_lesson(lesson) for lesson in data.get("lessons", [])),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: not a scenario description: {error!r}") from error


def _read_variant(data: Mapping[str, Any]) -> Variant:
    policies, params = tuple(data["policies"]), data["params"]
    return Variant(data["name"], data["description"], policies, params, data.get("adversarial", False))


def _read_lesson(data: Mapping[str, Any]) -> LessonInfo:
    conditions = (data.get(key) for key in ("success_rate", "window", "agent_steps"))
    return LessonInfo(data["name"], data["description"], data["params"], *conditions)


def _make_copy(
    project: Path,
    copy: Path,
    godot: Godot,
    without_blender: bool,
    native: Path | None,
    preparation: Preparation | None,
) -> None:
    _log.info("importing %s with Godot %s, once for this machine", project, godot.version_text)
    work = Path(tempfile.mkdtemp(prefix="new-", dir=copy.parent))
    try:
        shutil.copytree(project, work, ignore=left_out, dirs_exist_ok=True)
        _let_write(work)
        if without_blender:
            switch_off(work / "project.godot")
        if native is not None:
            add_native(work, native)
        if preparation is not None:
            preparation.prepare(work)
        output = _run_import(project, work, godot)
        try:
            problems = find_problems(work, output, without_blender)
        except NothingImported:
            raise ImportFailed(f"Godot imported no file of {project}; it says:\n{quote_errors(output)}") from None
        (work / _MARK).write_text(to_json(problems))
        work.rename(copy)  # only a complete import ever has this name
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _let_write(folder: Path) -> None:
    """Make a copy writable whose original is read-only: the import writes files beside the sources."""
    for parent, _, names in os.walk(folder):
        for path in (Path(parent), *(Path(parent, name) for name in names)):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)


def _run_import(project: Path, work: Path, godot: Godot) -> str:
    """Import the project in `work`; returns the import's output. Raises ImportFailed."""
    with scratch_folder("import") as home:
        private = {f"XDG_{kind}_HOME": f"{home}/{kind}" for kind in ("CONFIG", "DATA", "CACHE")}
        write_import_settings(godot.path, Path(private["XDG_CONFIG_HOME"]), godot.version)
        try:
            with noticed(project, _IMPORT_TIMEOUT_S):
                done = run_program(
                    [godot.path, "--headless", "--path", work, "--import"],
                    _IMPORT_TIMEOUT_S,
                    env={**os.environ, **private},
                )
        except subprocess.TimeoutExpired as error:
            raise ImportFailed(f"Godot did not import {project} within {_IMPORT_TIMEOUT_S:g} s") from error
    if done.returncode != 0:
        said = quote_tail(done.stdout)
        raise ImportFailed(f"Godot could not import {project} (exit code {done.returncode}); it says:\n{said}")
    return done.stdout


@functools.cache
def _warn(project: Path, copy: Path) -> None:
    """Log what an imported copy lacks, once per process."""
    with contextlib.suppress(ValueError):  # the copy of an older version has no list
        for problem in json.loads((copy / _MARK).read_text()):
            _log.warning("%s: %s", project, problem)


def _prune(home: Path) -> None:
    """Remove incomplete copies, and all but the newest few complete ones unless a game still runs from them."""
    marks = {path: path / _MARK for path in home.iterdir()}
    for leftover in [path for path, mark in marks.items() if not mark.exists()]:
        shutil.rmtree(leftover, ignore_errors=True)
        del marks[leftover]
    newest_first = sorted(marks, key=lambda path: marks[path].stat().st_mtime_ns, reverse=True)
    for old in newest_first[_KEEP_COPIES:]:
        with contextlib.suppress(BlockingIOError), marks[old].open("rb") as lock:
            lock_file(lock.fileno(), wait=False)
            marks[old].unlink()
            shutil.rmtree(old, ignore_errors=True)


def content_hash(project: Path) -> str:
    """A short hash of the names and contents of a project's files, without the files that Godot derives from them."""
    files = sorted(project_files(project))
    stats = tuple((str(path), (stat := path.stat()).st_size, stat.st_mtime_ns) for path in files)
    return _hash_files(project, stats)


@functools.lru_cache(maxsize=16)
def _hash_files(project: Path, stats: tuple[tuple[str, int, int], ...]) -> str:
    """Hash names and contents. Sizes and times are only part of the cache's key, so that a change is noticed."""
    total = hashlib.sha256()
    for name, size, _ in stats:
        total.update(f"{Path(name).relative_to(project)}\0{size}\0".encode())
        total.update(Path(name).read_bytes())
    return total.hexdigest()[:16]


def _slug(name: str) -> str:
    return re.sub(r"[^\w-]+", "_", name) or "project"
