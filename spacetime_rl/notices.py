"""What a user should know about a run, whichever process noticed it: sentences, each with a count.

A process that works for a run collects its warnings (`collect_warnings`). They travel to the driver with the results of
an iteration and are counted there. No message for the user stays in a worker's log alone.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

NOTICES = "notices"  # the key of a result that holds the notices of its iteration
ONCE: Mapping[str, Any] = {"notice_once": True}  # `extra` of a log record whose repetitions are not counted
PASSING: Mapping[str, Any] = {"notice_passing": True}  # `extra` of a log record that matters only at this moment

_MOST = 50  # different notices of a run; further ones are only in the process's log
_NUMBER = re.compile(r"\b\d+(?:\.\d+)?\b")
_COUNT = "{n}"
_TAIL = "; its log ends:"


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence in one line. `{n}` in it stands for the count; a count of 0 means that the notice is not counted.

    `source` names the trial if there are several. Without `is_warning` it is a fact that nobody has to act on.
    """

    text: str
    count: int = 1
    source: str = ""
    is_warning: bool = True

    @property
    def line(self) -> str:
        """The sentence with its count, e.g. `policy pilot: 12 gradient steps left out`."""
        told = self.text.replace(_COUNT, f"{self.count:,}")
        if _COUNT not in self.text and self.count > 1:
            told += f" ({self.count:,} times)"
        return f"{self.source}: {told}" if self.source else told

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data for users."""
        return {"text": self.line, "count": self.count, "is_warning": self.is_warning}


class Notices:
    """Notices in the order of their latest occurrence. Notices that differ only in numbers count as one."""

    def __init__(self, found: Iterable[Notice] = ()) -> None:
        self._found: dict[str, Notice] = {}
        self._shown: dict[str, int] = {}  # the count at which each notice was last shown
        self._lock = threading.Lock()
        for notice in found:
            self.add(notice)

    def __iter__(self) -> Iterator[Notice]:
        with self._lock:
            return iter(list(self._found.values()))

    def add(self, notice: Notice) -> Notice | None:
        """Count a notice. Returns it with its total if it should be shown: it is new, or its count has doubled."""
        key = f"{notice.source}: {_NUMBER.sub('#', notice.text)}"
        with self._lock:
            known = self._found.pop(key, None)
            if known is None and len(self._found) >= _MOST:
                return None
            whole = replace(notice, count=notice.count + (known.count if known else 0))
            self._found[key] = whole
            if known is not None and (whole.count < 2 * self._shown[key] or whole.count == known.count):
                return None
            self._shown[key] = whole.count
            return whole

    def take(self) -> list[Notice]:
        """Return all notices and forget them; the caller counts further ones."""
        with self._lock:
            found = list(self._found.values())
            self._found.clear()
            self._shown.clear()
        return found


def counted(text: str, count: int) -> Mapping[str, Any]:
    """The `extra` of a log record that stands for `count` events; `{n}` in the text is their number."""
    return {"notice": Notice(text, count)}


def from_text(text: str, count: int = 1) -> Notice:
    """The first line of a text as a notice, without the introduction of a quoted log."""
    return Notice((text.splitlines() or [""])[0].removesuffix(_TAIL), count)


def to_data(notices: Iterable[Notice]) -> list[list[Any]]:
    """Plain JSON data that `from_data` reads back."""
    return [[notice.text, notice.count, notice.is_warning] for notice in notices]


def from_data(data: object) -> list[Notice]:
    """The notices that `to_data` wrote, also before it told warnings from facts; an empty list for any other data."""
    if not isinstance(data, (list, tuple)):
        return []
    return [Notice(str(text), int(count), is_warning=all(rest)) for text, count, *rest in data]


def from_record(record: logging.LogRecord) -> Notice:
    """A log record as a notice."""
    notice = getattr(record, "notice", None)
    if isinstance(notice, Notice):
        return notice
    return from_text(record.getMessage(), 0 if getattr(record, "notice_once", False) else 1)


@functools.cache
def collect_warnings() -> Notices:
    """Count the warnings of this package in this process from now on, until they are taken."""
    collector = _Collector()
    logging.getLogger("spacetime_rl").addHandler(collector)
    return collector.found


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found = Notices()

    def emit(self, record: logging.LogRecord) -> None:
        self.found.add(from_record(record))
