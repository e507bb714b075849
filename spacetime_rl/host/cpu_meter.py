"""Measures the processor time of this process and of everything that it starts."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from types import TracebackType

import psutil

_Process = tuple[int, float]  # its id and the Unix time at which it began: ids are used again


class CpuMeter:
    """A context; `read` gives the processor time (user and system, in seconds) that was spent since it was entered.

    A thread reads the times of all processes below this one every `interval_s` seconds, so that the last moments of a
    process that ends are missing. Processes on other machines are not counted.
    """

    def __init__(self, interval_s: float = 2.0) -> None:
        self._interval_s = interval_s
        self._before: dict[_Process, float] = {}
        self._seen: dict[_Process, float] = {}
        self._ends = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._watch, name="cpu-meter", daemon=True)

    def __enter__(self) -> CpuMeter:
        self._before = dict(_times())
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ends.set()
        self._thread.join()

    def read(self) -> float:
        """Seconds of processor time so far."""
        with self._lock:
            self._seen.update(_times())
            return sum(time_s - self._before.get(process, 0.0) for process, time_s in self._seen.items())

    def _watch(self) -> None:
        while not self._ends.wait(self._interval_s):
            self.read()


def _times() -> Iterator[tuple[_Process, float]]:
    own = psutil.Process()
    for process in (own, *own.children(recursive=True)):
        with contextlib.suppress(psutil.Error):  # it has just ended
            times = process.cpu_times()
            yield (process.pid, process.create_time()), times.user + times.system
