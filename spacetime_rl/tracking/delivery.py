"""Ordered delivery in the background: what cannot be delivered now waits, and training never does."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[], None]
    droppable: bool


class Delivery:
    """Runs jobs one after the other in one thread.

    A job that fails for a passing reason is tried again, with growing pauses, before any later one; jobs may therefore
    run more than once. One that fails for good is dropped with a warning. Beyond `capacity` waiting jobs the oldest
    droppable one makes room.
    """

    def __init__(
        self,
        target: str,
        is_passing: Callable[[Exception], bool],
        capacity: int = 5000,
        first_pause_s: float = 1.0,
        longest_pause_s: float = 30.0,
    ) -> None:
        """`target` names the receiver in messages; `is_passing` tells a failure that may go away by itself."""
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
        self._last_progress = time.monotonic()
        self._complaints: set[str] = set()
        self._thread = threading.Thread(target=self._work, name="tracking", daemon=True)
        self._thread.start()

    def submit(self, run: Callable[[], None], droppable: bool = False) -> None:
        """Queue a job; returns at once."""
        with self._changed:
            if len(self._jobs) >= self._capacity:
                self._make_room()
            self._jobs.append(_Job(run, droppable))
            self._changed.notify_all()

    def close(self, grace_s: float = 15.0, patience_s: float = 120.0) -> int:
        """Deliver what waits and stop. Returns the number of jobs lost.

        Gives up `grace_s` after the last success where the receiver does not answer, `patience_s` where it is only slow
        (a database that is made anew on a busy machine).
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

    def _make_room(self) -> None:
        # The first job may be in the thread's hands just now.
        victim = next((i for i, job in enumerate(self._jobs) if i > 0 and job.droppable), None)
        if victim is not None:
            del self._jobs[victim]
            self._dropped += 1

    def _work(self) -> None:
        while (job := self._next_job()) is not None:
            self._deliver(job)
            with self._changed:
                if self._jobs:
                    self._jobs.popleft()
                self._last_progress = time.monotonic()

    def _next_job(self) -> _Job | None:
        with self._changed:
            while not self._jobs and not self._closing:
                self._changed.wait()
            return self._jobs[0] if self._jobs else None

    def _deliver(self, job: _Job) -> None:
        pause_s, longest_s = self._pauses
        while not self._abandoned:
            try:
                job.run()
            except Exception as error:  # whatever goes wrong in tracking, training goes on
                if not self._is_passing(error):
                    self._complain(error)
                    return
                if not self._failing:
                    self._say_down(error)
                self._failing = True
            else:
                if self._failing:
                    logger.warning("%s answers again; what waited is being delivered.", self._target)
                self._failing = False
                return
            self._pause(pause_s)
            pause_s = min(pause_s * 2, longest_s)

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
    said = getattr(error.__cause__, "orig", None) or error  # by the database, which SQLAlchemy tells behind much else
    return (str(said).strip() or type(said).__name__).splitlines()[0][:300]
