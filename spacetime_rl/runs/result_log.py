"""Read progress.jsonl, the results of a run with one result per line; a lost MLflow record is rebuilt from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spacetime_rl import metrics


def read_progress(file: Path, trial_id: str) -> list[dict[str, Any]]:
    """The results of one trial in order. If a resumed run repeated iterations, only the later results are kept."""
    return read_all_progress(file).get(trial_id, [])


def read_all_progress(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The results of every trial in order, by trial id; repeated iterations count once, as in `read_progress`."""
    trials: dict[str, list[dict[str, Any]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            result = json.loads(line)
        except ValueError:  # the machine went down while the line was written
            continue
        progress = trials.setdefault(result.get(metrics.TRIAL_ID), [])
        while progress and metrics.Result(progress[-1]).step >= metrics.Result(result).step:
            progress.pop()
        progress.append(result)
    for progress in trials.values():
        _fill_timestamps(progress, file.stat().st_mtime)
    return trials


def _fill_timestamps(progress: list[dict[str, Any]], ended: float) -> None:
    """Add timestamps to the lines of earlier versions, which have none: the last line is as old as the file."""
    whole = metrics.Result(progress[-1]).time_s
    for result in progress:
        if not result.get(metrics.TIMESTAMP):
            result[metrics.TIMESTAMP] = ended - whole + metrics.Result(result).time_s
