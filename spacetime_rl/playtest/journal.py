"""The journal of a playtest: what it plays, and every episode that is over, so that it can go on after any end.

`plan.yaml` is the whole plan. `journal.jsonl` has a line with the `Head`, one for each episode, and one at the end. A
line that was cut off, as by a full disk or a kill, is as if it had not been written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from spacetime_rl.config.loader import PLAYTEST
from spacetime_rl.config.playtest import Playtest, load_playtest
from spacetime_rl.config.writer import to_yaml
from spacetime_rl.episodes.episode import Build
from spacetime_rl.errors import RecordingError, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.files import overlook
from spacetime_rl.playtest.outcome import Entry

FORMAT = 1
PLAN = "plan.yaml"
_LINES, _LOCK = "journal.jsonl", ".lock"
_LOCK_S = 0.5


@dataclass(frozen=True, slots=True)
class Head:
    """What a playtest plays, and where its findings are kept."""

    build: Build
    store: str
    baseline: str | None  # whose baseline the player of that name is


class Journal:
    """The episodes of one playtest that are over. Only one process writes it; its threads take turns."""

    def __init__(self, folder: Path, head: Head, entries: tuple[Entry, ...] = (), elapsed_s: float = 0.0) -> None:
        self.folder = folder
        self.head = head
        self.entries = entries  # of earlier processes
        self.elapsed_s = elapsed_s  # of earlier processes

    @classmethod
    def begin(cls, folder: Path, head: Head, plan: Playtest) -> Journal:
        """Begin the journal of a new playtest. Raises RecordingError."""
        journal = cls(folder, head)
        whole = plan.config.to_dict() | {PLAYTEST: plan.settings.model_dump(mode="json")}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            overlook(folder)
            (folder / _LINES).unlink(missing_ok=True)
            (folder / PLAN).write_text(to_yaml(whole), encoding="utf-8")
        except OSError as error:
            raise RecordingError(f"{folder / PLAN}: could not be written: {error.strerror or error}") from error
        journal._write({"format": FORMAT, **asdict(head)})
        return journal

    @classmethod
    def open(cls, folder: Path) -> Journal:
        """The journal of an earlier playtest. Raises UsageError if there is none, or for one of a later version."""
        file = folder / _LINES
        if not file.is_file():
            raise UsageError(f"{folder}: no playtest was begun there ({_LINES} is missing)")
        lines = _whole_lines(file)
        try:
            first = lines[0]
            if first["format"] != FORMAT:
                raise UsageError(f"{file}: written in format {first['format']}; this version reads {FORMAT}")
            head = Head(Build(**first["build"]), str(first["store"]), first["baseline"])
            entries = {entry.number: entry for entry in (Entry.from_dict(line) for line in lines if "number" in line)}
            elapsed_s = max((float(line["elapsed_s"]) for line in lines[1:]), default=0.0)
        except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{file}: damaged, or of another program: {error}; begin a new playtest") from error
        return cls(folder, head, tuple(entries.values()), elapsed_s)

    def read_plan(self) -> Playtest:
        """The plan of this playtest. Raises ConfigError."""
        return load_playtest(self.folder / PLAN)

    def add(self, entry: Entry, elapsed_s: float) -> None:
        """Add an episode that is over. Raises RecordingError, as on a full disk."""
        self._write({**asdict(entry), "elapsed_s": elapsed_s})

    def end(self, elapsed_s: float) -> None:
        """Note that the playtest came to its end. Raises RecordingError."""
        self._write({"end": True, "elapsed_s": elapsed_s})

    def _write(self, line: dict[str, Any]) -> None:
        file = self.folder / _LINES
        try:
            with file.open("ab+") as lines:
                if lines.tell() and _last_byte(file) != b"\n":  # the line before was cut off
                    lines.write(b"\n")
                lines.write(f"{to_json(line)}\n".encode())
        except OSError as error:
            raise RecordingError(f"{file}: could not be written: {error.strerror or error}") from error


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder of a playtest. Raises UsageError if there is none, or if another process plays it."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder; expected that of a playtest's report")
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=_LOCK_S)
    except Timeout:
        raise UsageError(
            f"{folder}: another process plays this playtest; wait for it, or choose another --output"
        ) from None
    try:
        yield
    finally:
        lock.release()


def is_unfinished(folder: Path) -> bool:
    """Whether a folder holds a playtest that did not come to its end."""
    file = folder / _LINES
    return file.is_file() and not any("end" in line for line in _whole_lines(file)[-1:])


def _whole_lines(file: Path) -> list[dict[str, Any]]:
    found = []
    for line in file.read_bytes().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:  # cut off
            continue
    return [line for line in found if isinstance(line, dict)]


def _last_byte(file: Path) -> bytes:
    with file.open("rb") as lines:
        lines.seek(-1, 2)
        return lines.read(1)
