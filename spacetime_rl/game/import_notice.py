"""A line now and then while Godot imports a large project, which may take minutes and shows nothing."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

_log = logging.getLogger(__name__)

_EVERY_S = 20.0  # most imports are over by then


@contextlib.contextmanager
def noticed(project: Path, most_s: float) -> Iterator[None]:
    """Log that the import goes on, every 20 s until it is over; it may take `most_s` seconds."""
    over = threading.Event()

    def tell() -> None:
        elapsed_s = 0.0
        while not over.wait(_EVERY_S):
            elapsed_s += _EVERY_S
            _log.warning(
                "Godot imports %s, once for this version of its files: %g s so far, at most %g s",
                project,
                elapsed_s,
                most_s,
            )

    teller = threading.Thread(target=tell, name="import-notice", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
