"""Runs an experiment in Tune: the only call of `tune.run`."""

from __future__ import annotations

from collections.abc import Sequence

from ray import tune
from ray.tune import Callback, CheckpointConfig
from ray.tune.stopper import CombinedStopper, Stopper

from spacetime_rl.config import RunConfig
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.layout import trial_folder
from spacetime_rl.runs.result_log import read_all_progress
from spacetime_rl.tuning.checkpoint_every import CheckpointEvery
from spacetime_rl.tuning.experiment import Experiment, make_trainable
from spacetime_rl.tuning.search import (
    Budget,
    count_samples,
    count_trials,
    make_scheduler,
    make_searcher,
    make_space,
)
from spacetime_rl.tuning.stopping import StopAt
from spacetime_rl.tuning.trial_end import GiveUp, TrialEnd, describe_end
from spacetime_rl.tuning.tune_memory import forgetting
from spacetime_rl.tuning.tune_state import StateKeeper, resume_config, saved_often


def run_trials(
    experiment: Experiment, folder: RunFolder, callbacks: Sequence[Callback], concurrent: int, resume: bool
) -> list[TrialEnd]:
    """Train all trials to their ends, or until the user stops them. With `resume`, continue from their checkpoints.

    `concurrent` is the number of trials that an adaptive searcher proposes at a time. Tune retries a failed trial of a
    sweep from its checkpoint. It does not retry the trial of a run: `training.execute` does so if the trial's process
    was lost.
    """
    sweep, base = experiment.sweep, experiment.base
    settings = sweep.settings
    adaptive = settings.searcher == "optuna"
    with saved_often(count_trials(sweep)), forgetting():
        analysis = tune.run(
            make_trainable(experiment),
            config={} if adaptive else make_space(sweep),  # an adaptive searcher holds the space itself
            # Tune's working folder on a node is named after the experiment and the second in which it began. Hence
            # no two runs may have the same name.
            name=f"{folder.run_id}/{folder.paths.tune.name}",
            storage_path=str(folder.path.parent),
            num_samples=count_samples(sweep),
            search_alg=make_searcher(sweep),
            scheduler=make_scheduler(sweep),
            max_concurrent_trials=concurrent if adaptive else None,
            stop=_stopper(experiment),
            time_budget_s=settings.time_s,
            max_failures=settings.max_failures if sweep.is_search else 0,
            checkpoint_config=checkpoint_config(base),
            callbacks=[*callbacks, *checkpoints_by_steps(base), GiveUp(), StateKeeper(folder.paths.tune)],
            trial_dirname_creator=lambda trial: trial_folder(trial.trial_id),
            resume_config=resume_config(folder, resume),
            raise_on_failed_trial=False,
            verbose=0,
        )
    progress = read_all_progress(folder.paths.results)
    return [describe_end(trial, base.stop, progress.get(trial.trial_id, [])) for trial in analysis.trials]


def _stopper(experiment: Experiment) -> Stopper:
    each = StopAt(experiment.base.stop)
    return CombinedStopper(each, Budget(experiment.sweep.settings)) if experiment.sweep.is_search else each


def checkpoint_config(config: RunConfig) -> CheckpointConfig:
    """When Tune saves checkpoints by itself, and how many it keeps."""
    settings = config.checkpoint
    return CheckpointConfig(
        checkpoint_frequency=0 if settings.every_agent_steps else settings.every_iterations,
        num_to_keep=settings.keep,
        checkpoint_at_end=True,
    )


def checkpoints_by_steps(config: RunConfig) -> list[Callback]:
    """The callback that has Tune save checkpoints by agent steps, if the configuration counts these."""
    every = config.checkpoint.every_agent_steps
    return [CheckpointEvery(every)] if every else []
