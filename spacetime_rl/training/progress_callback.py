"""The Tune callback that tells a `Progress` what Tune reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ray.tune import Callback

from spacetime_rl.training.progress import Progress


class ProgressCallback(Callback):  # type: ignore[misc]  # ray has no types
    """Tune's events, handed to a `Progress`. A copy that Tune pickled shows nothing."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def on_trial_start(self, trial: Any, **_: Any) -> None:
        """A trial starts, or starts again."""
        self._update(trial, "RUNNING")

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """A trial reports."""
        self._update(trial, "RUNNING", result)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:
        """A trial is done."""
        self._update(trial, "TERMINATED")

    def on_trial_error(self, trial: Any, **_: Any) -> None:
        """A trial failed."""
        self._update(trial, "ERROR")

    def _update(self, trial: Any, status: str, result: Mapping[str, Any] | None = None) -> None:
        if self._progress is not None:
            drawn = ", ".join(f"{name}={value}" for name, value in (trial.evaluated_params or {}).items())
            self._progress.update(trial.trial_id, status, drawn, result)

    def __getstate__(self) -> dict[str, Any]:
        return {"_progress": None}
