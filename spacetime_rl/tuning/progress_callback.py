"""The Tune callback that passes Tune's events to a `Progress`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback

from spacetime_rl.config.search_space import short_value
from spacetime_rl.console.progress import Progress
from spacetime_rl.runs.layout import checkpoint_number


class ProgressCallback(Callback):  # type: ignore[misc]  # ray has no types
    """Passes Tune's events to a `Progress`. A copy that Tune pickled does nothing."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._recalled = False

    def on_step_begin(self, trials: Sequence[Any], **_: Any) -> None:
        """Show the trials of a resumed sweep once, with their last results. A run shows its resumption elsewhere."""
        if self._progress is None or self._recalled:
            return
        self._recalled = True
        for trial in trials if self._progress.planned > 1 else ():
            if trial.last_result:
                self._progress.recall(trial.trial_id, trial.status, _drawn(trial), trial.last_result)

    def on_trial_start(self, trial: Any, **_: Any) -> None:
        """Show a trial that starts or restarts."""
        self._update(trial, "RUNNING")

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Show a trial's result."""
        self._update(trial, "RUNNING", result)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:
        """Show a trial that ended."""
        self._update(trial, "TERMINATED")

    def on_trial_error(self, trial: Any, **_: Any) -> None:
        """Show a trial that failed."""
        self._update(trial, "ERROR")

    def _update(self, trial: Any, status: str, result: Mapping[str, Any] | None = None) -> None:
        if self._progress is not None:
            self._progress.update(trial.trial_id, status, _drawn(trial), result, _saved(trial))

    def __getstate__(self) -> dict[str, Any]:
        return {"_progress": None, "_recalled": True}


def _saved(trial: Any) -> int:
    """The number of checkpoints that a trial has saved so far; Tune numbers their folders from 0."""
    latest = trial.checkpoint
    number = None if latest is None else checkpoint_number(Path(latest.path))
    return 0 if number is None else number + 1


def _drawn(trial: Any) -> str:
    """The drawn values in one line, as a terminal has no room for more: `lr=0.000873, hiddens=[64, 64]`."""
    drawn = (trial.evaluated_params or {}).items()
    return ", ".join(f"{name.rpartition('.')[2]}={short_value(value)}" for name, value in drawn)
