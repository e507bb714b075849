"""The folder of a run: created once, never overwritten by accident, owned by one process at a time."""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import psutil
from filelock import FileLock, Timeout

from spacetime_rl.config import RunConfig, dump, load
from spacetime_rl.config.paths import anchored
from spacetime_rl.errors import ResumeError, RunExistsError, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.files import overlook
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.host import signals
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.runs.locate import find_folder
from spacetime_rl.runs.run_id import check_run_id
from spacetime_rl.runs.state import UNDER_WAY, is_owned

_ASIDE, _DROPPED = ".replaced-", ".dropped-"  # suffixes of a run that --force replaces; a process id follows
_LOCK_S = 0.5  # `is_owned` in another process holds the lock for a moment
logger = logging.getLogger(__name__)

# The sections of a run's configuration with which it may continue elsewhere: they change nothing of what is learned.
ELSEWHERE = ("tracking", "resources")
Status = Literal["starting", "training", "trained", "finished", "interrupted", "failed"]


class RunFolder:
    """The folder `<results>/<run-id>/`, locked by this process until `release`.

    `paths` are the paths of its files.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.paths = RunPaths(self.path)
        self.run_id = path.name
        self._lock = FileLock(self.paths.lock)
        self._held = ExitStack()
        self._made = False  # this process created the folder, and its run has not begun training
        self._replaced: Path | None = None

    @classmethod
    def create(
        cls, config: RunConfig, run_id: str | None = None, force: bool = False, sweep: str | None = None
    ) -> RunFolder:
        """Create the folder of a new run, or of a sweep if `sweep` is given: the text of its sweep.yaml.

        With `force` an earlier run of the same id is moved aside until `keep`. Raises RunExistsError if there is an
        earlier run and `force` is not set, or if a process still works on it. Raises UsageError if the folder cannot be
        written.
        """
        name = check_run_id(run_id or f"{config.name}-{time.strftime('%Y%m%d-%H%M%S')}")
        folder = cls(config.results / name)
        try:
            if config.results.exists() and not config.results.is_dir():
                raise UsageError(f"results: {config.results} is not a folder; choose one with --results DIR")
            config.results.mkdir(parents=True, exist_ok=True)
            overlook(config.results)
            settle_replaced(config.results)
            if folder.path.exists():
                folder._put_aside(force)
            folder._make(config, sweep)
        except OSError as error:
            folder.abandon()
            raise UsageError(
                f"results: cannot write to {folder.path}: {error.strerror or error}; "
                "choose another folder with --results DIR"
            ) from error
        return folder

    @classmethod
    def reopen(cls, where: str | Path, results: Path) -> RunFolder:
        """Open and lock the folder of an earlier run, by its id or path. Raises UsageError or ResumeError."""
        folder = cls(find_folder(where, results))
        if not folder.paths.state.is_file():
            raise ResumeError(f"{folder.path}: is not the folder of a run; it has no state.json")
        try:
            folder._own()
        except Timeout:
            raise ResumeError(
                f"{folder.run_id}: is still going on, in process {folder.state().get('pid')}; end that first"
            ) from None
        except OSError as error:
            raise ResumeError(f"{folder.run_id}: cannot write to {folder.path}: {error.strerror}") from error
        return folder

    def config(self) -> RunConfig:
        """The configuration that the run began with."""
        return self.anchored(load(self.paths.config))

    def anchored(self, config: RunConfig) -> RunConfig:
        """A configuration of this run, whose relative paths start from the folder that the run was begun in."""
        home = Path(self.state().get("home", ""))
        return anchored(config, home) if home.is_dir() and home.resolve() != Path.cwd() else config

    @property
    def is_sweep(self) -> bool:
        """Whether the run is a sweep."""
        return self.paths.sweep.is_file()

    def here(self, begun: RunConfig, wanted: RunConfig | None = None) -> RunConfig:
        """The configuration to resume with: `begun`, with the folder's present place and some settings of `wanted`.

        These are the settings of `ELSEWHERE` that `wanted` sets explicitly.
        """
        update: dict[str, Any] = {"results": self.path.parent if self.moved_from(begun) else begun.results}
        for section in ELSEWHERE if wanted is not None else ():
            given = getattr(wanted, section)
            own = {name: getattr(given, name) for name in given.model_fields_set}
            update[section] = getattr(begun, section).model_copy(update=own)
        return begun.model_copy(update=update)

    def moved_from(self, begun: RunConfig) -> str | None:
        """A sentence for people if the folder has moved since the run began; None if it has not."""
        before, here = begun.results.absolute() / str(self.state()["run_id"]), self.path
        if os.path.realpath(before) == os.path.realpath(here):
            return None
        kept = "; the one there is left as it is" if before.is_dir() else ""
        return f"the run was begun as {before}; it continues as {here}{kept}"

    def spec(self) -> GameSpec | None:
        """The spec that the game declared; None if the run ended before the handshake.

        Raises ResumeError for an unreadable file.
        """
        file = self.paths.spec
        if not file.is_file():
            return None
        try:
            return GameSpec.from_dict(json.loads(file.read_text(encoding="utf-8")))
        except ValueError as error:
            raise ResumeError(f"{self.run_id}: {file} cannot be read ({error}); begin another run") from error

    def versions(self) -> dict[str, str]:
        """The versions that the run was made with; empty if the run ended before it recorded them."""
        file = self.paths.versions
        document: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return document

    def state(self) -> dict[str, Any]:
        """The contents of state.json."""
        document: dict[str, Any] = json.loads(self.paths.state.read_text(encoding="utf-8"))
        return document

    def set_status(self, status: Status, message: str = "") -> None:
        """Write the run's status and a message to state.json."""
        now = time.time()
        before = self.state() if self.paths.state.is_file() else {}
        state = {"run_id": self.run_id, "status": status, "message": message, "pid": os.getpid()}
        began = {"started": before.get("started", now), "home": before.get("home", str(Path.cwd()))}
        self._write_json(self.paths.state, {**state, **began, "updated": now})

    def set_trained(self, finished: bool) -> None:
        """Record the end of training: `trained` if it `finished`, or `interrupted` if the user stopped it."""
        if finished:
            self.set_status("trained")
        else:
            self.set_status("interrupted", signals.words())

    def set_evaluated(self, stopped: bool) -> None:
        """Record the end of the run. If the user `stopped` it after training, the message names the evaluation."""
        if not stopped:
            self.set_status("finished")
        elif self.state()["status"] == "trained":
            self.set_status("interrupted", f"the evaluation was {signals.words()}")

    @contextmanager
    def record_failure(self) -> Iterator[None]:
        """Record an exception that leaves this context as the run's status, `failed` or `interrupted`, and raise it."""
        try:
            yield
        except Exception as error:
            with suppress(OSError):  # the disk may be full; `error` then reports that
                self.set_status("failed", str(error))
            raise
        except KeyboardInterrupt as stop:
            with suppress(OSError):
                self.set_status("interrupted", str(stop))
            raise

    def write_config(self, config: RunConfig, spec: GameSpec) -> None:
        """Record the configuration with a number for every `auto` size, and the spec of a game of that size."""
        self._write(self.paths.config, dump(config))
        self._write_json(self.paths.spec, spec.to_dict())

    def write_facts(self, spec: GameSpec, versions: Mapping[str, str]) -> None:
        """Record the spec that the game declared, and the versions that the run is made with."""
        self._write_json(self.paths.spec, spec.to_dict())
        self._write_json(self.paths.versions, dict(versions))

    def keep(self) -> None:
        """The run has begun training: delete the run that it replaces."""
        if self._replaced is not None:
            _drop(self._replaced)
            self._replaced = None
        self._made = False

    def abandon(self) -> None:
        """Restore everything as it was before `create`, unless `keep` was called."""
        self.release()
        if self._made:
            shutil.rmtree(self.path, ignore_errors=True)
        if self._replaced is not None:
            self._replaced.rename(self.path)

    def release(self) -> None:
        """Unlock the folder, so that another process may own it."""
        self._held.close()

    def _own(self) -> None:
        """Lock the folder, and record in state.json if a signal ends this process at once."""
        self._lock.acquire(timeout=_LOCK_S)
        self._held.callback(self._lock.release)
        self._held.enter_context(signals.last_words(self._leave_at_once))

    def _leave_at_once(self) -> None:
        if self._made:
            self.abandon()
        elif self.state()["status"] in UNDER_WAY:
            self.set_status("interrupted", f"ended at once by {signals.name()}")

    def _make(self, config: RunConfig, sweep: str | None) -> None:
        self.path.mkdir()
        self._made = True
        self._own()
        self.paths.logs.mkdir()
        self._write(self.paths.config, dump(config))
        if sweep is not None:
            self._write(self.paths.sweep, sweep)
        self.set_status("starting")

    def _put_aside(self, force: bool) -> None:
        if not force:
            raise RunExistsError(
                f"{self.run_id}: there is such a run already, in {self.path}; "
                f"continue it (--resume {shlex.quote(self.run_id)}), replace it (--force) or choose another --run-id"
            )
        if is_owned(self.path):
            raise RunExistsError(f"{self.run_id}: cannot be replaced: it is going on, see {self.path}")
        self._replaced = self.path.with_name(f".{self.run_id}{_ASIDE}{os.getpid()}")
        self.path.rename(self._replaced)

    def _write_json(self, file: Path, document: Mapping[str, Any]) -> None:
        self._write(file, to_json(document, indent=2) + "\n")

    def _write(self, file: Path, text: str) -> None:
        """Write the whole file or nothing: the process may be killed at any time."""
        partial = file.with_name(f".{file.name}.partial")
        try:
            partial.write_text(text, encoding="utf-8")
            partial.replace(file)
        except OSError as error:
            error.filename = str(file)  # the error of a full disk names no file
            raise


def settle_replaced(results: Path) -> None:
    """Clean up a results folder after processes that were killed while --force replaced a run.

    A run that was moved aside is restored, unless the run that replaces it has begun training.
    """
    for dropped in results.glob(f".*{_DROPPED}*"):
        shutil.rmtree(dropped, ignore_errors=True)
    for aside in results.glob(f".*{_ASIDE}*"):
        name, _, owner = aside.name[1:].rpartition(_ASIDE)
        replacing = results / name
        if is_owned(replacing) or _lives(owner, aside):
            continue
        with suppress(OSError):  # another process may do the same at the same time
            if RunPaths(replacing).tune.exists():
                _drop(aside)
            else:
                shutil.rmtree(replacing, ignore_errors=True)
                aside.rename(replacing)
                logger.warning("%s: put back; the run that was to replace it was ended before it began", name)


def _drop(aside: Path) -> None:
    dropped = aside.with_name(aside.name.replace(_ASIDE, _DROPPED))
    aside.rename(dropped)  # a rename is atomic: a half-deleted run must not be restored
    shutil.rmtree(dropped, ignore_errors=True)


def _lives(pid: str, aside: Path) -> bool:
    """Whether the process that moved a run aside still runs, and its id was not given to a later process."""
    try:
        return psutil.Process(int(pid)).create_time() <= aside.stat().st_ctime
    except (psutil.Error, ValueError, OSError):
        return False
