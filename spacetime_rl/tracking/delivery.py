"""Ordered delivery in a background thread: records that cannot be delivered now wait, and training goes on."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

_MOST_TOGETHER = 100  # items in one call
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[list[Any]], None]
    item: Any = None
    droppable: bool = False


class Delivery:
    """Runs jobs one after the other in one thread.

    A job that fails for a passing reason is retried, with growing pauses, before any later job; jobs may therefore run
    more than once. A job that fails for another reason is dropped with a warning. Consecutive waiting items are
    delivered by one call. With more than `capacity` waiting jobs, the oldest item is dropped.
    """

    def __init__(
        self,
        target: str,
        is_passing: Callable[[Exception], bool],
        capacity: int = 5000,
        first_pause_s: float = 1.0,
        longest_pause_s: float = 5.0,
    ) -> None:
        """Start the thread. `target` names the receiver in messages; `is_passing` is true for errors worth a retry."""
        self._target = target
        self._is_passing = is_passing
        self._capacity = capacity
        self._pauses = (first_pause_s, longest_pause_s)
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._abandoned = False
        self._failing = False
        self._dropped = 0
        self._in_hand = 0
        self._last_progress = time.monotonic()
        self._complaints: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[], None]) -> None:
        """Queue a job; returns at once."""
        self._queue(_Job(lambda _: run()))

    def submit_item(self, run: Callable[[Sequence[_T]], None], item: _T) -> None:
        """Queue an item for `run`, which receives consecutive waiting items together, oldest first; returns at once."""
        self._queue(_Job(run, item, droppable=True))

    def close(self, grace_s: float = 15.0, patience_s: float = 120.0) -> int:
        """Deliver the waiting jobs and stop. Returns the number of jobs lost.

        Gives up `grace_s` seconds after the last success if the receiver does not answer. Gives up `patience_s` seconds
        after it if the receiver is only slow, for example because it creates a database on a busy machine.
        """
        with self._changed:
            self._closing = True
            self._last_progress = time.monotonic()
            self._changed.notify_all()
        while self._thread.is_alive():
            if time.monotonic() - self._last_progress > (grace_s if self._failing else patience_s):
                break
            self._thread.join(timeout=0.1)
        with self._changed:
            self._abandoned = True
            lost = self._dropped + len(self._jobs)
            self._jobs.clear()
            self._changed.notify_all()
        return lost

    def _queue(self, job: _Job) -> None:
        with self._changed:
            if len(self._jobs) >= self._capacity:
                self._make_room()
            self._jobs.append(job)
            self._changed.notify_all()

    def _make_room(self) -> None:
        # The thread may be delivering the first jobs: these stay.
        victim = next((i for i, job in enumerate(self._jobs) if i >= self._in_hand and job.droppable), None)
        if victim is not None:
            del self._jobs[victim]
            self._dropped += 1

    def _work(self) -> None:
        while jobs := self._next_jobs():
            self._deliver(jobs)
            with self._changed:
                for _ in jobs[: len(self._jobs)]:
                    self._jobs.popleft()
                self._in_hand = 0
                self._last_progress = time.monotonic()

    def _next_jobs(self) -> list[_Job]:
        """The oldest job, with the following items that are delivered by the same call; empty at the end."""
        with self._changed:
            while not self._jobs and not self._closing:
                self._changed.wait()
            together = takewhile(lambda job: job.droppable and job.run == self._jobs[0].run, self._jobs)
            jobs = list(islice(together, _MOST_TOGETHER)) or list(islice(self._jobs, 1))
            self._in_hand = len(jobs)
            return jobs

    def _deliver(self, jobs: list[_Job]) -> None:
        pause_s, longest_s = self._pauses
        while not self._abandoned:
            try:
                jobs[0].run([job.item for job in jobs])
            except Exception as error:  # no failure of tracking may end training
                if not self._is_passing(error):
                    return self._refused(jobs, error)
                if not self._failing:
                    self._say_down(error)
                self._failing = True
            else:
                if self._failing:
                    logger.warning("%s answers again; what waited is being delivered.", self._target)
                self._failing = False
                return None
            self._pause(pause_s)
            pause_s = min(pause_s * 2, longest_s)
        return None

    def _refused(self, jobs: list[_Job], error: Exception) -> None:
        if len(jobs) == 1:
            return self._complain(error)
        for job in jobs:  # only one of them may be at fault
            self._deliver([job])
        return None

    def _pause(self, seconds: float) -> None:
        with self._changed:
            closing = self._closing
            self._changed.wait_for(
                lambda: self._abandoned or self._closing != closing, timeout=min(seconds, 1.0) if closing else seconds
            )

    def _say_down(self, error: Exception) -> None:
        logger.warning(
            "%s does not answer; training goes on, and what is to be recorded waits for it. (%s)",
            self._target,
            _first_line(error),
        )

    def _complain(self, error: Exception) -> None:
        text = _first_line(error)
        if text not in self._complaints:
            self._complaints.add(text)
            logger.warning("%s refused a record; training goes on without it: %s", self._target, text)


def _first_line(error: Exception) -> str:
    said = getattr(error.__cause__, "orig", None) or error  # the database's message, without what SQLAlchemy adds
    return (str(said).strip() or type(said).__name__).splitlines()[0][:300]
