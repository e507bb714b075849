"""Hand an algorithm to Tune; a single run is a sweep of one trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray import tune
from ray.exceptions import OutOfMemoryError, RayActorError
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.tune import Callback, CheckpointConfig
from ray.tune.experiment import Trial

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import SpacetimeError, TrialFailed, TrialLost, UsageError, UserCodeError
from spacetime_rl.training.base_learner import LEFT_OUT, STEPS
from spacetime_rl.training.checkpoint_every import CheckpointEvery
from spacetime_rl.training.failure import find_error, is_lasting, is_of_constructor, read_error
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.step_watch import nothing_learned
from spacetime_rl.training.stopping import StopAt
from spacetime_rl.training.tune_state import StateKeeper, resume_config, saved_often

TRACE = "traceback.log"  # among the logs: the lines of code that led to the error which ended a run


@dataclass(frozen=True, slots=True)
class TrialEnd:
    """How a trial ended."""

    trial_id: str
    finished: bool  # False: stopped by the user, to be resumed
    checkpoint: Path | None
    result: dict[str, Any]

    @property
    def agent_steps(self) -> int:
        """Agent steps it has trained."""
        return int(self.result.get("agent_steps", 0))

    @property
    def training_s(self) -> float:
        """Wall-clock seconds of its iterations."""
        return float(self.result.get("time_total_s", 0.0))


def run_trial(
    algorithm: AlgorithmConfig, config: RunConfig, folder: RunFolder, callbacks: Sequence[Callback], resume: bool
) -> TrialEnd:
    """Train until a stop criterion is met or the user stops it. With `resume`, go on from the latest checkpoint.

    Raises TrialFailed with the trial's own error, TrialLost where its process or node is gone.
    """
    with saved_often(trials=1):
        analysis = tune.run(
            algorithm.algo_class,
            config=algorithm.to_dict(),
            **place(folder),
            stop=StopAt(config.stop),
            checkpoint_config=checkpoint_config(config),
            callbacks=[*callbacks, *checkpoints(config), StateKeeper(folder.tune), InThisFolder(algorithm.env_config)],
            trial_dirname_creator=folder_name,
            resume_config=resume_config(folder, resume),
            raise_on_failed_trial=False,
            verbose=0,
        )
    return _describe_end(analysis.trials[0], folder)


class InThisFolder(Callback):  # type: ignore[misc]  # ray has no types
    """Lets a restored trial play by the plan of today: Tune's has the folders that the run had when it was saved."""

    def __init__(self, env_config: Mapping[str, Any]) -> None:
        self._env_config = dict(env_config)

    def on_step_begin(self, *, trials: Sequence[Trial], **_: Any) -> None:
        """Tune is about to start trials."""
        for trial in trials:
            if trial.status == Trial.PENDING:
                trial.config["env_config"] = {**trial.config.get("env_config", {}), **self._env_config}


def place(folder: RunFolder) -> dict[str, str]:
    """Where Tune keeps its files, as its arguments: in the run's folder.

    What it writes on the way there lies in a folder of the node's that is named after the experiment and the second in
    which it began: two runs must not have the same name.
    """
    return {"name": f"{folder.run_id}/{folder.tune.name}", "storage_path": str(folder.path.parent)}


def checkpoint_config(config: RunConfig) -> CheckpointConfig:
    """When Tune saves checkpoints by itself, and how many it keeps."""
    settings = config.checkpoint
    return CheckpointConfig(
        checkpoint_frequency=0 if settings.every_agent_steps else settings.every_iterations,
        num_to_keep=settings.keep,
        checkpoint_at_end=True,
    )


def checkpoints(config: RunConfig) -> list[Callback]:
    """What has Tune save checkpoints by agent steps, where these are counted."""
    every = config.checkpoint.every_agent_steps
    return [CheckpointEvery(every)] if every else []


def _describe_end(trial: Trial, folder: RunFolder) -> TrialEnd:
    if trial.status == Trial.ERROR:
        raise _failure(trial, folder)
    if in_vain := why_in_vain(trial):
        raise TrialFailed(f"{folder.run_id}: {in_vain}")
    checkpoint = trial.checkpoint
    return TrialEnd(
        trial_id=trial.trial_id,
        finished=bool(trial.last_result.get("done")),  # Tune's status says TERMINATED of an interrupted one, too
        checkpoint=Path(checkpoint.path) if checkpoint else None,
        result=dict(trial.last_result),
    )


class GiveUp(Callback):  # type: ignore[misc]  # ray has no types
    """Keeps Tune from trying a trial again and again whose error would only come back."""

    def on_trial_recover(self, trial: Any, **_: Any) -> None:
        """Tune has begun to try a failed trial once more: it is the last time, unless its process was lost."""
        if not is_lost(trial) and is_lasting(_error(trial)):
            trial.max_failures = 0


def _failure(trial: Trial, folder: RunFolder) -> SpacetimeError:
    """The error to end the run with: the trial's own rather than Ray's wrapping of it, a user's mistake as it is."""
    error = _error(trial)
    if isinstance(error, UsageError):
        return error
    if isinstance(error, UserCodeError) and error.trace:
        folder.logs.mkdir(parents=True, exist_ok=True)
        (folder.logs / TRACE).write_text(error.trace + "\n", encoding="utf-8")
    kind = TrialLost if is_lost(trial) else TrialFailed
    return kind(f"{folder.run_id}: training failed: {reason(trial)}\nMore is in {folder.logs}.")


def why_in_vain(trial: Trial) -> str:
    """Why a trial that came to its end has learned nothing at all; empty where it has learned, or was stopped."""
    result = trial.last_result or {}
    return str(nothing_learned("in the whole run")) if result.get("done") and has_learned_nothing(result) else ""


def has_learned_nothing(result: Mapping[str, Any]) -> bool:
    """Whether by this result every gradient step of a trial was left out."""
    due, left_out = (result.get(f"health/{name}", 0) for name in (STEPS, LEFT_OUT))
    return bool(0 < due <= left_out)


def is_lost(trial: Trial) -> bool:
    """Whether it failed because its process or node is gone, and not by an error of its own."""
    try:
        cause = _cause(trial)
        return isinstance(cause, (RayActorError, OutOfMemoryError)) and not is_of_constructor(cause)
    except Exception:  # see `reason`
        return False


def reason(trial: Trial) -> str:
    """Why a trial failed, in one line."""
    return str(_error(trial))


def _error(trial: Trial) -> SpacetimeError:
    try:
        cause = _cause(trial)
        if cause is None:
            return read_error(Path(trial.error_file or "").read_text(encoding="utf-8", errors="replace"))
        return find_error(cause) or TrialLost(_lost(cause))
    except Exception as unreadable:  # whatever a file that Tune could not finish makes of unpickling
        return TrialFailed(f"the reason could not be written down ({unreadable}); is the disk full?")


def _lost(cause: Exception) -> str:
    """What Ray tells of a process that is gone, without its list of ids."""
    lines = [line for line in str(cause).splitlines() if not line.startswith("\t")]
    return f"the process that trains is gone: {' '.join(lines) or type(cause).__name__}"


def _cause(trial: Trial) -> Any:
    """The exception that Tune kept; None where it kept none."""
    return trial.get_pickled_error()


def folder_name(trial: Trial) -> str:
    """A trial's folder, in Tune's."""
    return f"trial_{trial.trial_id}"
