"""The terminal during a run: only our own views write to it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from spacetime_rl.config import StopConfig
from spacetime_rl.console.lines import LineView, MetricLines
from spacetime_rl.console.panel import PanelView
from spacetime_rl.console.progress import Progress, View
from spacetime_rl.console.status import StatusView
from spacetime_rl.formats import controller

PROGRESS = "SPACETIME_PROGRESS"  # environment variable: how progress is shown
STATUS = "status"  # its only value, for blocks in the form of Ray Tune's


@contextmanager
def show_progress(run_id: str, stop: StopConfig, log: Path | None, json_output: bool = False) -> Iterator[Progress]:
    """Show the progress of a run from its first second on: a live panel on a terminal, lines in a pipe.

    Meanwhile all other output, mostly Ray's, goes to the file `log`; our own warnings are shown. With `json_output`,
    stdout stays empty and progress goes to stderr. If $CONTROLLER_METRICS is set, `@METRIC` lines are printed as well.
    """
    progress = Progress(run_id, stop)
    with own_streams(log) as (out, err):
        shown = err if json_output else out
        progress.views += _views(progress, shown, err)
        with _warnings_shown(progress):
            try:
                for view in progress.views:
                    view.start()
                yield progress
                progress.end("done")
            except KeyboardInterrupt:
                progress.end("stopped")
                raise
            except BaseException:
                progress.end("failed")
                raise
            finally:
                for view in progress.views:
                    view.stop()


def _views(progress: Progress, out: TextIO, err: TextIO) -> list[View]:
    wanted = controller.is_wanted()  # a controller reads lines, even from a terminal
    if os.environ.get(PROGRESS) == STATUS:
        view: View = StatusView(progress, out, err)
    elif not wanted and out.isatty() and os.environ.get("TERM") != "dumb":
        view = PanelView(progress, out)
    else:
        view = LineView(progress, out)
    return [view, MetricLines(progress, out)] if wanted else [view]


@contextmanager
def own_streams(log: Path | None) -> Iterator[tuple[TextIO, TextIO]]:
    """Yield our own stdout and stderr, while file descriptors 1 and 2 go to the file `log`.

    Descriptors are redirected because libraries in C write to them as well. With None for `log` nothing is redirected.
    """
    if log is None:
        yield sys.stdout, sys.stderr
        return
    log.parent.mkdir(parents=True, exist_ok=True)
    _flush()
    kept = os.dup(1), os.dup(2)
    with (
        os.fdopen(kept[0], "w", encoding="utf-8", errors="replace") as out,
        os.fdopen(kept[1], "w", encoding="utf-8", errors="replace") as err,
        log.open("ab") as target,
    ):
        os.dup2(target.fileno(), 1)
        os.dup2(target.fileno(), 2)
        try:
            yield out, err
        finally:
            _flush()
            out.flush()
            err.flush()
            os.dup2(kept[0], 1)
            os.dup2(kept[1], 2)


@contextmanager
def _warnings_shown(progress: Progress) -> Iterator[None]:
    handler = _NoteHandler(progress)
    ours = logging.getLogger("spacetime_rl")
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)


class _NoteHandler(logging.Handler):
    def __init__(self, progress: Progress) -> None:
        super().__init__(logging.WARNING)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        show = self._progress.mention if getattr(record, "notice_passing", False) else self._progress.note
        show(record.getMessage())


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
