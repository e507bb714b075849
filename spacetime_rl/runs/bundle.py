"""Collect what somebody else needs to find a fault of a run: logs, metrics, policies, configuration, versions."""

from __future__ import annotations

import json
import os
import platform
import shutil
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from spacetime_rl import __version__
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.secrets import secret_values, without_secrets
from spacetime_rl.runs.layout import LEAGUE, onnx_file, payoff_files, policy_of, schemas_in
from spacetime_rl.runs.read import RunRecord
from spacetime_rl.runs.versions import git_revision

BUNDLES = Path("debug")  # the folder of bundles unless the user names another place
METADATA = "metadata.txt"
ARCHIVES = (".tar.gz", ".tgz", ".zip")
_MOST_LOG_BYTES = 2_000_000  # of a log; its end is what tells most
_MOST_BYTES = 200_000_000  # of any other file
_PICTURES = (".png", ".gif", ".mp4", ".webm", ".webp")
_ASIS = (".onnx", *_PICTURES)  # files without text


@dataclass(frozen=True, slots=True)
class Piece:
    """A file and its place in the bundle. Of a log only the end is taken."""

    source: Path
    place: Path
    is_log: bool = False


@dataclass(slots=True)
class Bundle:
    """A bundle that was written: its folder or archive, the files in it, and what was left out, with the reasons."""

    path: Path
    files: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def bundle_path(destination: Path | None, now: datetime) -> Path:
    """The place of a new bundle: `destination` if it is a new folder or an archive, else a folder in it by the time.

    Raises UsageError for an archive that exists.
    """
    stamp = f"{now:%Y%m%d-%H%M%S}"
    if destination is None:
        return _unused(BUNDLES / stamp)
    if destination.name.endswith(ARCHIVES):
        if destination.exists():
            raise UsageError(f"{destination}: exists already; name another file")
        return destination
    if destination.exists() and not destination.is_dir():
        raise UsageError(f"{destination}: is a file; name a folder, or an archive ({', '.join(ARCHIVES)})")
    return _unused(destination / stamp)


def write_bundle(
    run: RunRecord,
    path: Path,
    policies: Path | None = None,
    logs: Mapping[str, Sequence[Path]] | None = None,
    notes: Sequence[str] = (),
    environ: Mapping[str, str] = os.environ,
) -> Bundle:
    """Write the bundle of a run to `path`: a folder, or an archive by its suffix.

    `policies` is a folder of exported policies; default: the run's own. `logs` are further logs by the folder that they
    come into: `server`, `godot`. `notes` are sentences for `metadata.txt`. Secrets are taken out of every text, also
    those that variables of `environ` hold. Raises UsageError for a log that is missing or a place that cannot be
    written.
    """
    for file in [file for files in (logs or {}).values() for file in files]:
        if not file.is_file():
            raise UsageError(f"{file}: no such file; name a log")
    work = path.with_name(f".{path.name}.partial")
    made = Bundle(path)
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        hidden = secret_values(environ)
        for piece in _pieces(run, policies or run.paths.onnx, logs or {}):
            _take(piece, work, hidden, made)
        metadata = without_secrets(_metadata(run, made, notes), hidden)
        (work / METADATA).write_text(metadata, encoding="utf-8")
        made.files.append(Path(METADATA))
        _pack(work, path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}; name another place") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return made


def _pieces(run: RunRecord, policies: Path, logs: Mapping[str, Sequence[Path]]) -> Iterator[Piece]:
    paths = run.paths
    for file in (paths.config, paths.sweep, paths.spec, paths.versions, paths.state, paths.results, paths.judged):
        yield Piece(file, Path(file.name))
    for file in sorted(run.folder.glob("*.csv")):
        yield Piece(file, Path(file.name))
    for file in _files_in(paths.logs):
        yield Piece(file, "logs" / file.relative_to(paths.logs), is_log=True)
    for file in sorted(paths.tune.glob("trial_*/error.txt")):
        yield Piece(file, Path("logs") / file.parent.name / file.name, is_log=True)
    for folder, files in logs.items():
        yield from (Piece(file, Path("logs") / folder / file.name, is_log=True) for file in files)
    for schema in schemas_in(policies):
        onnx = onnx_file(policies, policy_of(schema))
        yield from (Piece(file, Path("policies") / file.name) for file in (schema, onnx))
    for file in _files_in(paths.report):
        yield Piece(file, "report" / file.relative_to(paths.report))
    for trial, file in payoff_files(run.folder).items():
        yield Piece(file, Path(LEAGUE) / trial / file.name)
    for file in _files_in(paths.league):
        if file.suffix != ".onnx":
            yield Piece(file, LEAGUE / file.relative_to(paths.league))


def _files_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())


def _take(piece: Piece, work: Path, hidden: Sequence[str], made: Bundle) -> None:
    """Copy a file into the bundle; texts without their secrets. What is missing or too large is left out."""
    try:
        size = piece.source.stat().st_size
    except FileNotFoundError:
        return
    if size > _MOST_BYTES and not piece.is_log:
        made.left_out.append(f"{piece.place}: {size / 1e6:.0f} MB")
        return
    target = work / piece.place
    target.parent.mkdir(parents=True, exist_ok=True)
    if piece.source.suffix in _ASIS:
        shutil.copyfile(piece.source, target)
    else:
        content = _read(piece, size)
        text = _as_text(content)
        if text is None:
            made.left_out.append(f"{piece.place}: not a text, so that nobody can see whether it holds secrets")
            return
        if piece.is_log and size > _MOST_LOG_BYTES:
            text = f"[only the last {_MOST_LOG_BYTES / 1e6:.0f} MB of {size / 1e6:.0f} MB]\n{text}"
        target.write_text(without_secrets(text, hidden), encoding="utf-8", newline="")
    made.files.append(piece.place)


def _read(piece: Piece, size: int) -> bytes:
    with piece.source.open("rb") as file:
        if piece.is_log and size > _MOST_LOG_BYTES:
            file.seek(-_MOST_LOG_BYTES, os.SEEK_END)
            file.readline()  # the rest of a line may be the end of a secret
        return file.read()


def _as_text(content: bytes) -> str | None:
    return None if b"\0" in content else content.decode("utf-8", errors="replace")


def _metadata(run: RunRecord, made: Bundle, notes: Sequence[str]) -> str:
    """The contents of `metadata.txt`: a line `name: value` for each fact."""
    versions = _versions(run)
    facts = {
        "run": run.run_id,
        "kind": run.kind,
        "scenario": run.scenario,
        "status": run.status,
        "message": (run.state.message if run.state else "").replace("\n", " | "),
        "agent steps": run.agent_steps,
        "collected": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "git revision": versions.pop("git_revision", "") or "none: the run was not begun in a git repository",
        "git revision here, now": git_revision() or "none",
        "spacetime-rl here, now": __version__,
        "python here, now": platform.python_version(),
        "system": platform.platform(),
        "processors": os.cpu_count(),
        **{f"version of {name}": version for name, version in versions.items()},
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value not in ("", None)]
    lines += [f"note: {note}" for note in notes]
    lines += [f"left out: {what}" for what in made.left_out]
    lines += [f"file: {place}" for place in sorted(made.files)]
    return "\n".join(lines) + "\n"


def _versions(run: RunRecord) -> dict[str, str]:
    try:
        found = json.loads(run.paths.versions.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(version) for name, version in found.items()} if isinstance(found, dict) else {}


def _pack(work: Path, path: Path) -> None:
    """Put the files of `work` in place, in an archive below a folder of the archive's name."""
    inner = next((path.name.removesuffix(suffix) for suffix in ARCHIVES if path.name.endswith(suffix)), None)
    if inner is None:
        work.rename(path)
        return
    partial = path.with_name(f".{path.name}.archive")
    if path.suffix == ".zip":
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in _files_in(work):
                archive.write(file, Path(inner) / file.relative_to(work))
    else:
        with tarfile.open(partial, "w:gz") as archive:
            archive.add(work, inner, filter=_anonymous)
    partial.replace(path)


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A member of an archive without the names of user and group."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _unused(path: Path) -> Path:
    """The path, or with a number behind it if it exists: two bundles may be made within one second."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_name(f"{path.name}-{number}"), number + 1
    return found
