"""A Godot project as it was at a commit: `git:REF`, or `git:REF:PATH` for one in a folder of the repository.

The commit's files are written to the cache folder. The user's working tree and index stay as they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spacetime_rl.errors import UsageError
from spacetime_rl.game.engine import cache_dir
from spacetime_rl.host.locks import locked

GIT = "git:"

_PROJECT, _ATTRIBUTES = "project.godot", ".gitattributes"
_KEEP = 8  # checkouts of a repository
_SUBMODULE = "160000"  # its mode in a tree
_log = logging.getLogger(__name__)


def check_out(build: str, at: Path | None = None) -> Path:
    """The folder of the Godot project that `build` names, checked out once for each commit.

    The repository is that of the folder `at`; default: the current one. Without a PATH, the project is that of the
    folder `at` or of the nearest folder above it, or else the commit's only one. Raises UsageError where there is no
    repository, no such commit, or no project in it.
    """
    ref, _, path = build.removeprefix(GIT).partition(":")
    repository = _find_repository(build, at or Path.cwd())
    commit = repository.commit(build, ref)
    files = repository.files(commit)
    project = _choose(build, path.strip("/"), repository.inside, files)
    within = [file for file in files if _is_below(file, project)]
    for submodule in repository.submodules(commit, project):
        _log.warning("%s: the submodule %s is left out: its files are not part of the commit", build, submodule)
    home = cache_dir() / "git" / repository.name
    folder = home / f"{commit[:16]}-{hashlib.sha256(project.encode()).hexdigest()[:8]}"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with locked(Path(f"{home}.lock"), f"checks out {build}"):
            if not folder.exists():
                attributes = [file for file in files if PurePosixPath(file).name == _ATTRIBUTES]
                repository.write(commit, sorted({*within, *attributes}), folder)
            os.utime(folder)
            _prune(home)
    except OSError as error:
        raise UsageError(f"{build}: cannot be checked out into {folder}: {error.strerror or error}") from error
    return folder / project


@dataclass(frozen=True, slots=True)
class _Repository:
    git_dir: Path
    inside: PurePosixPath  # the current folder, from the repository's root on

    @property
    def name(self) -> str:
        return hashlib.sha256(str(self.git_dir).encode()).hexdigest()[:16]

    def commit(self, build: str, ref: str) -> str:
        if not ref:
            raise UsageError(f"{build}: expected {GIT}REF or {GIT}REF:PATH, such as {GIT}v1.2 or {GIT}main:game")
        try:
            return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
        except _GitFailed:
            raise UsageError(f"{build}: this repository has no branch, tag or commit {ref!r}; see `git log`") from None

    def files(self, commit: str) -> list[str]:
        return self._git("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit).rstrip("\0").split("\0")

    def submodules(self, commit: str, project: str) -> list[str]:
        lines = self._git("ls-tree", "-r", "-z", "--full-tree", commit).rstrip("\0").split("\0")
        found = [line.partition("\t")[2] for line in lines if line.startswith(_SUBMODULE)]
        return [path for path in found if _is_below(path, project)]

    def write(self, commit: str, files: Sequence[str], folder: Path) -> None:
        """Write files of a commit into a folder, whole or not at all. The index is a file of our own."""
        work = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
        try:
            with tempfile.TemporaryDirectory() as private:
                index = {"GIT_INDEX_FILE": str(Path(private, "index"))}
                self._git("read-tree", commit, work=work, variables=index)
                names = "".join(f"{file}\0" for file in files)
                self._git("checkout-index", "--quiet", "-z", "--stdin", work=work, variables=index, text=names)
            work.rename(folder)
        except _GitFailed as error:
            raise UsageError(f"git could not check out {commit[:12]}: {error}") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _git(
        self, *words: str, work: Path | None = None, variables: dict[str, str] | None = None, text: str = ""
    ) -> str:
        place = [f"--git-dir={self.git_dir}", *([f"--work-tree={work}"] if work else [])]
        return _git([*place, *words], work or self.git_dir, variables, text)


def _find_repository(build: str, at: Path) -> _Repository:
    try:
        git_dir = _git(["rev-parse", "--absolute-git-dir"], at).rstrip("\n")
        inside = _git(["rev-parse", "--show-prefix"], at).rstrip("\n")
    except _GitFailed as error:
        raise UsageError(f"{build}: {at} is in no git repository that can be read: {error}") from None
    return _Repository(Path(git_dir), PurePosixPath(inside))


class _GitFailed(Exception):
    """What git says."""


def _git(words: Sequence[str], at: Path, variables: dict[str, str] | None = None, text: str = "") -> str:
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8", **(variables or {})}
    try:
        done = subprocess.run(
            ["git", *words], cwd=at, input=text, capture_output=True, text=True, env=environment, check=False
        )
    except FileNotFoundError:
        raise UsageError(f"{GIT}REF needs the program git, which is not installed") from None
    if done.returncode:
        raise _GitFailed(done.stderr.strip().removeprefix("fatal: ") or f"exit code {done.returncode}")
    return done.stdout


def _choose(build: str, path: str, inside: PurePosixPath, files: Sequence[str]) -> str:
    """The folder of the project in the commit; empty for the root."""
    projects = {str(PurePosixPath(file).parent).removeprefix(".") for file in files if _is_project(file)}
    known = f"; it has {', '.join(map(repr, sorted(projects)))}" if projects else ""
    if path:
        if path in projects:
            return path
        raise UsageError(f"{build}: there is no {path}/{_PROJECT} in this commit{known}")
    near = [str(folder).removeprefix(".") for folder in (inside, *inside.parents)]
    found = [folder for folder in near if folder in projects] or (list(projects) if len(projects) == 1 else [])
    if not found:
        what = f"name one of its projects as {build}:PATH{known}" if projects else f"this commit has no {_PROJECT}"
        raise UsageError(f"{build}: {what}")
    return found[0]


def _is_project(file: str) -> bool:
    return PurePosixPath(file).name == _PROJECT


def _is_below(file: str, folder: str) -> bool:
    return not folder or file.startswith(f"{folder}/")


def _prune(home: Path) -> None:
    """Remove all but the checkouts that were used last."""
    for old in sorted(home.iterdir(), key=_used, reverse=True)[_KEEP:]:
        shutil.rmtree(old, ignore_errors=True)


def _used(folder: Path) -> float:
    with contextlib.suppress(OSError):
        return folder.stat().st_mtime
    return 0.0
