"""The results of a run as its folder keeps them, one a line: what is recorded again where MLflow has lost them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spacetime_rl import metrics


def read_progress(file: Path, trial_id: str) -> list[dict[str, Any]]:
    """The results of a trial in order, from lines of JSON; what a resumed run played again counts once."""
    return read_all_progress(file).get(trial_id, [])


def read_all_progress(file: Path) -> dict[str, list[dict[str, Any]]]:
    """The same of every trial, by id."""
    trials: dict[str, list[dict[str, Any]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            result = json.loads(line)
        except ValueError:  # the machine went down while it was written
            continue
        progress = trials.setdefault(result.get(metrics.TRIAL_ID), [])
        while progress and metrics.Result(progress[-1]).step >= metrics.Result(result).step:
            progress.pop()
        progress.append(result)
    for progress in trials.values():
        _fill_timestamps(progress, file.stat().st_mtime)
    return trials


def _fill_timestamps(progress: list[dict[str, Any]], ended: float) -> None:
    """Lines of earlier versions have none: the last is as old as the file."""
    whole = metrics.Result(progress[-1]).time_s
    for result in progress:
        if not result.get(metrics.TIMESTAMP):
            result[metrics.TIMESTAMP] = ended - whole + metrics.Result(result).time_s
