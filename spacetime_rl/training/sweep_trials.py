"""Hand a sweep to Tune, and tell what became of its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.stopper import CombinedStopper

from spacetime_rl.notices import NOTICES, Notice, Notices, from_data
from spacetime_rl.tracking.history import PROGRESS, read_all_progress
from spacetime_rl.training.candidate import Candidates, make_trainable
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.search import (
    Budget,
    count_samples,
    count_trials,
    make_scheduler,
    make_searcher,
    make_space,
)
from spacetime_rl.training.stopping import StopAt
from spacetime_rl.training.trials import GiveUp, checkpoint_config, checkpoints, folder_name, place, reason, why_in_vain
from spacetime_rl.training.tune_state import StateKeeper, resume_config, saved_often


@dataclass(frozen=True, slots=True)
class CandidateEnd:
    """How one trial of a sweep ended."""

    trial_id: str
    drawn: Mapping[str, Any]  # by dotted setting, its seed among them where there are several
    status: str  # finished, stopped early, interrupted, failed
    checkpoint: Path | None
    result: Mapping[str, Any]
    error: str = ""
    notices: Sequence[Notice] = ()


def run_candidates(
    candidates: Candidates, folder: RunFolder, callbacks: Sequence[Callback], concurrent: int, resume: bool
) -> list[CandidateEnd]:
    """Train all trials until the sweep's end, or until the user stops it. With `resume`, go on with an earlier one."""
    sweep = candidates.sweep
    settings = sweep.settings
    with saved_often(count_trials(sweep)):
        analysis = tune.run(
            make_trainable(candidates),
            config={} if settings.searcher == "optuna" else make_space(sweep),  # which has it already
            **place(folder),
            num_samples=count_samples(sweep),
            search_alg=make_searcher(sweep),
            scheduler=make_scheduler(sweep),
            max_concurrent_trials=None if settings.searcher != "optuna" else concurrent,
            stop=CombinedStopper(StopAt(sweep.base.stop), Budget(settings)),
            time_budget_s=settings.time_s,
            max_failures=settings.max_failures,
            checkpoint_config=checkpoint_config(sweep.base),
            callbacks=[*callbacks, *checkpoints(sweep.base), GiveUp(), StateKeeper(folder.tune)],
            trial_dirname_creator=folder_name,
            resume_config=resume_config(folder, resume),
            raise_on_failed_trial=False,
            verbose=0,
        )
    progress = read_all_progress(folder.path / PROGRESS)
    return [_describe(trial, candidates, progress.get(trial.trial_id, [])) for trial in analysis.trials]


def _describe(trial: Trial, candidates: Candidates, progress: Sequence[Mapping[str, Any]]) -> CandidateEnd:
    in_vain = why_in_vain(trial)
    failed = trial.status == Trial.ERROR or bool(in_vain)
    result, checkpoint = dict(trial.last_result or {}), trial.checkpoint
    whole = StopAt(candidates.sweep.base.stop)
    status = "failed" if failed else "interrupted"
    if not failed and result.get("done"):
        status = "finished" if whole(trial.trial_id, result) else "stopped early"
    return CandidateEnd(
        trial.trial_id,
        dict(trial.config),
        status,
        Path(checkpoint.path) if checkpoint else None,
        result,
        in_vain or (reason(trial) if failed else ""),
        list(Notices(notice for line in progress for notice in from_data(line.get(NOTICES)))),
    )
