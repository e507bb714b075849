"""Keeps the worker threads of a game from interrupting its main thread."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_NAME = "WorkerThread"  # as Godot calls the threads of its pool


def calm_workers(pid: int) -> None:
    """Let the pool's threads of a Godot process run only when a core has nothing else to do, or at their turn.

    Jolt cuts a step into a dozen jobs of a microsecond each, hands every one to the pool, and meanwhile works on them
    itself. A worker that is woken each time interrupts it each time: up to half of a game's processor time goes into
    that. As batch threads they wake nobody, and find the jobs done. Does nothing where the system does not allow it.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):  # the process may have ended; its end is told elsewhere
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text().startswith(_NAME):
                os.sched_setscheduler(int(task.name), os.SCHED_BATCH, os.sched_param(0))
