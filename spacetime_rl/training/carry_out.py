"""The part of a run's story that needs Ray and torch: training, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence

from ray.tune import Callback

from spacetime_rl import signals
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import TrialLost
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.history import PROGRESS, read_all_progress
from spacetime_rl.tracking.store import Store, resolve_store
from spacetime_rl.tracking.sweep import Sweep, describe_sweep
from spacetime_rl.training.algorithm import make_algorithm_config
from spacetime_rl.training.checkpoint import CheckpointCard
from spacetime_rl.training.interrupt import Interrupt
from spacetime_rl.training.local_ray import choose_gpus, node_cpus, ray_session
from spacetime_rl.training.outputs import make_outputs
from spacetime_rl.training.progress import Progress
from spacetime_rl.training.progress_callback import ProgressCallback
from spacetime_rl.training.rehearsal import rehearse_setup
from spacetime_rl.training.result_log import ResultLog
from spacetime_rl.training.room import WaitingForRoom
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.sizes import describe_sizes, needed_cpus, settle_sizes
from spacetime_rl.training.summary import RunSummary
from spacetime_rl.training.trials import TrialEnd, run_trial
from spacetime_rl.training.tune_state import can_resume


def carry_out(
    config: RunConfig, folder: RunFolder, plan: RolloutPlan, progress: Progress, *, resumed: bool, judge: bool
) -> RunSummary:
    """Train, and make of it what it is for; the run's state says how it went."""
    store = resolve_store(config.results, config.tracking.uri)
    with folder.tells_failure():
        rehearse_setup(_as_begun(config, folder, resumed), plan)
        folder.set_status("training")
        progress.stage("starting Ray")
        with ray_session(needed_cpus(config)):
            config, plan = settle_sizes(config, plan, node_cpus(), say=progress.stage)
            folder.write_config(config, plan.spec)
            sweep = describe_sweep(config, folder.run_id, folder.path)
            progress.earlier = read_all_progress(folder.path / PROGRESS) if resumed else {}
            with Interrupt() as interrupt:
                end = _train(config, folder, plan, progress, interrupt, sweep, store, resumed)
        folder.set_trained(end.finished)
        summary = make_outputs(config, folder, end, sweep, store, progress, judge)
    folder.set_evaluated(summary.stopped)
    if summary.stopped:
        progress.end("stopped")
    return summary


def _train(
    config: RunConfig,
    folder: RunFolder,
    plan: RolloutPlan,
    progress: Progress,
    interrupt: Interrupt,
    sweep: Sweep,
    store: Store,
    resumed: bool,
) -> TrialEnd:
    """Train to the end, going on from the latest checkpoint where the process that trains is lost."""
    failures = 0
    while True:
        mlflow = MlflowCallback(sweep, store, resumed)
        callbacks = [interrupt, WaitingForRoom(), ProgressCallback(progress), ResultLog(folder.path / PROGRESS), mlflow]
        try:
            with mlflow.stopped_at_once():
                return _run(config, folder, plan, progress, callbacks, resumed)
        except TrialLost as lost:
            if interrupt.requested:  # Slurm and systemd signal every process, the one that trains as well
                raise signals.Stopped(signals.received() or signals.INTERRUPT) from lost
            if failures == config.checkpoint.max_failures:
                raise
            progress.note(f"going on from the latest checkpoint: {lost}")
            failures += 1
            resumed = True


def _run(
    config: RunConfig,
    folder: RunFolder,
    plan: RolloutPlan,
    progress: Progress,
    callbacks: Sequence[Callback],
    resumed: bool,
) -> TrialEnd:
    config = _as_begun(config, folder, resumed)
    card = CheckpointCard(folder.run_id, config.to_dict(), plan.spec.to_dict(), folder.versions())
    algorithm = make_algorithm_config(config, plan, card, choose_gpus(config.resources.gpus))
    folder.keep()
    progress.stage(f"starting {describe_sizes(plan)}")
    return run_trial(algorithm, config, folder, callbacks, resumed)


def _as_begun(config: RunConfig, folder: RunFolder, resumed: bool) -> RunConfig:
    """The configuration, without the weights it began with where it has its own: those of another run may be gone."""
    if resumed and can_resume(folder):
        return config.model_copy(update={"initialize_from": None})
    return config
