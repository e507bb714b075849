"""The results of a run as lines of JSON and as a table in its folder, independent of any tracking server."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray.tune import Callback

from spacetime_rl import metrics
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.notices import NOTICES
from spacetime_rl.runs.metrics_table import MetricsTable


class ResultLog(Callback):  # type: ignore[misc]  # ray has no types
    """Appends the public metrics and the notices of every result to a file, one line each, with the trial's id.

    Where a `table` is named, the metrics are added to that file, too, one row each.
    """

    def __init__(self, file: Path, table: Path | None = None) -> None:
        self._file = file
        self._table = MetricsTable(table, file) if table else None

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Append a trial's result. Raises OSError where the disk is full."""
        noticed = {NOTICES: result[NOTICES]} if result.get(NOTICES) else {}
        about = {metrics.TRIAL_ID: trial.trial_id, metrics.TIMESTAMP: result.get(metrics.TIMESTAMP)}
        row = {**about, **metrics.public_metrics(result), **noticed}
        self._append(row)
        if self._table is not None:
            self._table.add(row)

    def _append(self, row: Mapping[str, Any]) -> None:
        line = to_json(row).encode() + b"\n"
        with self._file.open("ab", buffering=0) as log:
            whole = log.tell()
            if log.write(line) != len(line):
                # The disk is full: remove the partial line, so that the next one starts at a line's beginning.
                log.truncate(whole)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._file))
