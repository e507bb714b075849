"""Write metrics.csv: the results of a run as a table for spreadsheets and scripts, a row for each iteration.

progress.jsonl is the record, and the table a view of it. The table is written anew where a row cannot be appended: at
the first result of a process, when a metric appears for the first time, and after a trial went back to a checkpoint.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.runs.result_log import read_all_progress

Row = Mapping[str, Any]
_FIRST = (  # the columns before those of the metrics
    metrics.TRIAL_ID,
    metrics.TIMESTAMP,
    metrics.ITERATION,
    metrics.AGENT_STEPS,
    metrics.EPISODES,
    metrics.TIME_S,
)


class MetricsTable:
    """The table `file` of the results in the log `log` (progress.jsonl)."""

    def __init__(self, file: Path, log: Path) -> None:
        self._file = file
        self._log = log
        self._columns: list[str] = []
        self._steps: dict[str, int] = {}  # of each trial's last row

    def add(self, row: Row) -> None:
        """Add a result that the log already has: a trial's id, a timestamp, and public metrics by name.

        Raises OSError where the disk is full.
        """
        trial, step = str(row[metrics.TRIAL_ID]), metrics.Result(row).step
        known = all(name in self._columns for name in row if metrics.is_public(name))
        if self._columns and known and step > self._steps.get(trial, -1):
            with self._file.open("a", encoding="utf-8", newline="") as table:
                table.write(_text(self._columns, [row], header=False))
        else:
            self._columns = write_table(self._file, self._log)
        self._steps[trial] = step


def write_table(file: Path, log: Path) -> list[str]:
    """Write the table of a whole log, oldest results first. Returns its columns. The file is replaced as a whole."""
    rows = [row for trial in read_all_progress(log).values() for row in trial]
    rows.sort(key=lambda row: float(row[metrics.TIMESTAMP]))
    columns = list(dict.fromkeys([*_FIRST, *(name for row in rows for name in row if metrics.is_public(name))]))
    partial = file.with_name(f".{file.name}.partial")
    partial.write_text(_text(columns, rows), encoding="utf-8", newline="")
    partial.replace(file)
    return columns


def _text(columns: Sequence[str], rows: Sequence[Row], header: bool = True) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", extrasaction="ignore", lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
