"""Keeps the worker threads of a game from interrupting its main thread."""

from __future__ import annotations

from spacetime_rl.host.system import make_batch_threads

_NAME = "WorkerThread"  # as Godot calls the threads of its pool


def calm_workers(pid: int) -> None:
    """Let the pool's threads of a Godot process run only when a core has nothing else to do, or at their turn.

    Jolt cuts a step into a dozen jobs of a microsecond each, hands every one to the pool, and meanwhile works on them
    itself. A worker that is woken each time interrupts it each time: up to half of a game's processor time goes into
    that. As batch threads they wake nobody, and find the jobs done. Does nothing where the system does not allow it.
    """
    make_batch_threads(pid, _NAME)
