"""The log of a game: kept in a file of bounded size, its errors counted, its last lines quoted in messages."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import threading
import time
import weakref
from dataclasses import dataclass, field
from pathlib import Path

from spacetime_rl.host.system import in_forked_children

_MOST_BYTES = 8 * 2**20  # a larger log is cut to its first and last part
_KEPT_BYTES = 2 * 2**20  # of each of the two parts
_TAIL_BYTES = 64 * 1024  # read from the end of a log for messages
_READ_BYTES = 4 * 2**20  # read at once
_WATCH_S = 1.0
_MOST_DIFFERENT = 100  # errors of one kind that are told apart
_ERROR = re.compile(rb"^(?:USER )?(SCRIPT )?ERROR: (.*)\n(?:\s+at: (.*)\n)?", re.MULTILINE)
_PLACE = re.compile(r"(.*?) \((.+)\)")


@dataclass(slots=True)
class ErrorCount:
    """Errors of one kind in a game's log; `first` is the first one with its place: `res://player.gd:12, in jump: …`."""

    count: int = 0
    first: str = ""
    each: dict[str, int] = field(default_factory=dict)  # how often each came, in the words of `first`


class GameLog:
    """The file that a running game appends to. Above 8 MB, its middle is removed and its first and last 2 MB stay.

    The engine may write a second log below `user_dir`, which is emptied then. One thread polls all logs of this process
    once a second.
    """

    def __init__(self, path: Path, user_dir: Path | None = None) -> None:
        self.path = path
        self.script_errors = ErrorCount()
        self.engine_errors = ErrorCount()
        self._user_dir = user_dir
        self._read_to = 0
        self._rest = b""  # the last line while it is incomplete
        self._left_out = 0
        self._lock = threading.Lock()
        _watcher().add(self)

    def poll(self) -> None:
        """Count new errors, and cut the file if it is too long."""
        with self._lock, contextlib.suppress(OSError):  # the user may have removed the file
            size = self.path.stat().st_size
            while self._read_to < size:
                with self.path.open("rb") as file:
                    file.seek(self._read_to)
                    self._count(file.read(_READ_BYTES))
                    self._read_to = file.tell()
            if size > _MOST_BYTES:
                self._cut()

    def lines(self) -> list[str]:
        """The last lines, from at most the last 64 KiB."""
        with self.path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - _TAIL_BYTES))
            return log.read().decode(errors="replace").splitlines()

    def _count(self, new: bytes) -> None:
        text = self._rest + new
        end = text.rfind(b"\n") + 1
        self._rest = text[end:][-_TAIL_BYTES:]
        for found in _ERROR.finditer(text, 0, end):
            kind = self.script_errors if found[1] else self.engine_errors
            kind.count += 1
            words = _in_words(*(part.decode(errors="replace") for part in (found[2], found[3] or b"")))
            kind.first = kind.first or words
            if words in kind.each or len(kind.each) < _MOST_DIFFERENT:
                kind.each[words] = kind.each.get(words, 0) + 1

    def _cut(self) -> None:
        """Remove the middle of the file. Lines that the game writes meanwhile may be lost."""
        with self.path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(size - _KEPT_BYTES)
            tail = file.read().partition(b"\n")[2]
            file.seek(_KEPT_BYTES)
            self._left_out += size - _KEPT_BYTES - len(tail)
            note = f"\n… SpaceTime RL has left out {self._left_out:,} bytes of this log here …\n"
            file.write(note.encode() + tail)
            file.truncate()
            self._read_to = file.tell()
        for copy in self._user_dir.rglob("logs/*.log") if self._user_dir else ():
            os.truncate(copy, 0)


def _in_words(what: str, place: str) -> str:
    where = _PLACE.fullmatch(place.strip())
    return f"{where[2]}, in {where[1]}: {what}" if where else what


class _Watcher:
    """A thread that polls all logs of this process."""

    def __init__(self) -> None:
        self._logs: weakref.WeakSet[GameLog] = weakref.WeakSet()
        self._lock = threading.Lock()
        threading.Thread(target=self._watch, name="game-logs", daemon=True).start()

    def add(self, log: GameLog) -> None:
        with self._lock:
            self._logs.add(log)

    def _watch(self) -> None:
        while True:
            time.sleep(_WATCH_S)
            with self._lock:
                logs = list(self._logs)
            for log in logs:
                log.poll()
            del logs


@functools.cache
def _watcher() -> _Watcher:
    return _Watcher()


in_forked_children(_watcher.cache_clear)  # a forked child has none of its parent's threads
