"""Keeps a game's worker threads from interrupting its main thread."""

from __future__ import annotations

from spacetime_rl.host.system import make_batch_threads

_NAME = "WorkerThread"  # the name of the threads of Godot's pool


def use_batch_scheduling(pid: int) -> None:
    """Put the pool threads of a Godot process under SCHED_BATCH, where waking does not interrupt a running thread.

    Jolt cuts a step into about a dozen jobs of a microsecond, hands each to the pool, and meanwhile works on the jobs
    itself. Each worker that wakes interrupts the main thread, which took up to half of a game's processor time. As
    batch threads the workers interrupt nothing and find the jobs done. Does nothing where the system does not allow it.
    """
    make_batch_threads(pid, _NAME)
