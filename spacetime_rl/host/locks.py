"""Locks between processes; a process that waits for a lock reports what it waits for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

_SAY_AFTER_S, _SAY_EVERY_S = 3.0, 30.0  # seconds before the first message and between messages

logger = logging.getLogger(__name__)


@contextmanager
def locked(file: Path, what: str) -> Iterator[None]:
    """Hold the lock in `file`; waits while a process of any machine holds it.

    `what` is what the other process does, for the message: "imports my_game". The system frees the lock of a process
    that ends.
    """
    lock = FileLock(file)
    patience_s = _SAY_AFTER_S
    while True:
        try:
            lock.acquire(timeout=patience_s)
            break
        except Timeout:
            logger.warning("waiting for another process that %s; it holds %s", what, file)
            patience_s = _SAY_EVERY_S
    try:
        yield
    finally:
        lock.release()
