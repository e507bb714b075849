"""How a trial ended, and why it failed if it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ray.exceptions import OutOfMemoryError, RayActorError
from ray.tune import Callback
from ray.tune.experiment import Trial

from spacetime_rl import metrics
from spacetime_rl.config import StopConfig
from spacetime_rl.errors import SpacetimeError, TrialFailed, TrialLost, UsageError, UserCodeError
from spacetime_rl.learning.failure import find_error, is_lasting, is_of_constructor, read_error
from spacetime_rl.learning.step_watch import nothing_learned
from spacetime_rl.notices import NOTICES, Notice, Notices, from_data
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.tuning.stopping import StopAt

EndStatus = Literal["finished", "stopped early", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a trial ended: at a stop criterion, by the scheduler, by the user (to be resumed), or by an error."""

    trial_id: str
    drawn: Mapping[str, Any]  # by dotted setting; with the seed if there are several
    status: EndStatus
    checkpoint: Path | None  # the latest checkpoint
    result: Mapping[str, Any]  # the latest result, with public names and RLlib's
    error: SpacetimeError | None = None
    notices: Sequence[Notice] = ()

    @property
    def done(self) -> bool:
        """Whether nothing of the trial is left to train."""
        return self.status in ("finished", "stopped early")

    @property
    def reason(self) -> str:
        """Why the trial failed, in one line; empty if it did not."""
        return str(self.error) if self.error else ""


def describe_end(trial: Trial, stop: StopConfig, results: Sequence[Mapping[str, Any]]) -> TrialEnd:
    """The end of one of Tune's trials; `results` are all results that it reported."""
    result, checkpoint = dict(trial.last_result or {}), trial.checkpoint
    error = _error_of(trial)
    status: EndStatus = "interrupted"
    if error is not None:
        status = "failed"
    elif result.get("done"):  # Tune's own status is TERMINATED for an interrupted trial, too
        status = "finished" if StopAt(stop)(trial.trial_id, result) else "stopped early"
    noticed = (notice for line in results for notice in from_data(line.get(NOTICES)))
    return TrialEnd(
        trial.trial_id,
        dict(trial.config),
        status,
        Path(checkpoint.path) if checkpoint else None,
        result,
        error,
        list(Notices(noticed)),
    )


def has_learned_nothing(result: Mapping[str, Any]) -> bool:
    """Whether, by this result, every gradient step of a trial was skipped."""
    due, left_out = (result.get(name, 0) for name in (metrics.GRADIENT_STEPS, metrics.GRADIENT_STEPS_LEFT_OUT))
    return bool(0 < due <= left_out)


def run_error(end: TrialEnd, folder: RunFolder) -> SpacetimeError:
    """The error of a run whose trial failed: a user's mistake unchanged, any other error with the run id.

    Writes the traceback of the user's own code into a log of its own.
    """
    error = end.error
    assert error is not None
    if isinstance(error, UsageError):
        return error
    if isinstance(error, UserCodeError) and error.trace:
        folder.paths.logs.mkdir(parents=True, exist_ok=True)
        folder.paths.traceback_log.write_text(error.trace + "\n", encoding="utf-8")
    if isinstance(error, _NothingLearned):
        return TrialFailed(f"{folder.run_id}: {error}")
    kind = TrialLost if isinstance(error, TrialLost) else TrialFailed
    return kind(f"{folder.run_id}: training failed: {error}\nMore is in {folder.paths.logs}.")


class GiveUp(Callback):  # type: ignore[misc]  # ray has no types
    """Keeps Tune from retrying a trial whose error would only come back."""

    def on_trial_recover(self, trial: Any, **_: Any) -> None:
        """Forbid further attempts if the error is lasting. A trial whose process was lost is retried."""
        error = _raised(trial)
        if not isinstance(error, TrialLost) and is_lasting(error):
            trial.max_failures = 0


class _NothingLearned(TrialFailed):
    """A trial ended normally, but every one of its gradient steps was skipped."""


def _error_of(trial: Trial) -> SpacetimeError | None:
    if trial.status == Trial.ERROR:
        return _raised(trial)
    result = trial.last_result or {}
    if result.get("done") and has_learned_nothing(result):
        return _NothingLearned(str(nothing_learned("in the whole run")))
    return None


def _raised(trial: Trial) -> SpacetimeError:
    """The error that ended a trial, without Ray's wrapping; TrialLost if its process or node is gone.

    Tune stores the exception pickled, or as text if it cannot be pickled.
    """
    try:
        cause = trial.get_pickled_error()
        if cause is None:
            return read_error(Path(trial.error_file or "").read_text(encoding="utf-8", errors="replace"))
        found = find_error(cause)
        if isinstance(cause, (RayActorError, OutOfMemoryError)) and not is_of_constructor(cause):
            return TrialLost(str(found or _without_ids(cause)))
        return found or TrialFailed(_without_ids(cause))
    except Exception as unreadable:  # any exception that unpickling a truncated file raises
        return TrialFailed(f"the reason could not be written down ({unreadable}); is the disk full?")


def _without_ids(cause: Exception) -> str:
    """Ray's message about a process that is gone, without its list of ids."""
    lines = [line for line in str(cause).splitlines() if not line.startswith("\t")]
    return f"the process that trains is gone: {' '.join(lines) or type(cause).__name__}"
