"""The progress of an evaluation, the time that it still needs, and its time limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from spacetime_rl.config.sections import EvaluationConfig

Progress = Callable[[int, int], None]  # receives the number of finished episodes and the total

Rest = Callable[[], None]  # is called before every decision, and may wait

_REPEAT_S = 5.0  # progress is reported at least every 5 s, even if no episode ends


class Clock:
    """Counts the finished episodes of all games and enforces the evaluation's bounds. Shared by its threads."""

    def __init__(
        self, bounds: EvaluationConfig, total: int, progress: Progress | None, rest: Rest = lambda: None
    ) -> None:
        self._rest = rest
        self.max_decisions = bounds.max_decisions
        self.max_time_s = bounds.max_time_s
        self._until = time.monotonic() + self.max_time_s
        self._stop = threading.Event()
        self._done, self._total = 0, total
        self._progress = progress
        self._reported = time.monotonic()
        self._lock = threading.Lock()

    def stop(self) -> None:
        """End the evaluation: `goes_on` returns False from now on."""
        self._stop.set()

    def goes_on(self) -> bool:
        """Whether to play on; called before every decision. Also rests, and reports progress, if that is due."""
        self._rest()
        if self._progress and time.monotonic() - self._reported > _REPEAT_S:
            self.finished(0)
        return not self._stop.is_set() and not self.out_of_time()

    def out_of_time(self) -> bool:
        """Whether `evaluation.max_time_s` has passed."""
        return time.monotonic() >= self._until

    def finished(self, episodes: int) -> None:
        """Add newly finished episodes and report progress."""
        with self._lock:
            self._done += episodes
            self._reported = time.monotonic()
            if self._progress:
                self._progress(self._done, self._total)


class Pace:
    """Describes the progress of an evaluation in words."""

    def __init__(self, max_time_s: float) -> None:
        self._began = time.monotonic()
        self._max_time_s = max_time_s

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def left_s(self, done: int, total: int) -> float:
        """Seconds until the end, estimated from the episodes so far and at most the time left until `max_time_s`."""
        until_bound = max(0.0, self._max_time_s - self.elapsed_s)
        return min(until_bound, self.elapsed_s / done * (total - done)) if done else until_bound

    def describe(self, done: int, total: int) -> str:
        """`37 of 100 episodes, about 1:20 min left`."""
        left = _duration(self.left_s(done, total))
        return f"{done} of {total} episodes, {'about' if done else 'at most'} {left} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
