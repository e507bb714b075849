"""The part of the story that needs Ray and torch: training, and publishing its results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ray.tune import Callback

from spacetime_rl.config import RunConfig
from spacetime_rl.config.policy import UNMEASURED
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.errors import NoGameCame, TrialLost
from spacetime_rl.host import signals
from spacetime_rl.learning.rehearsal import rehearse_setup
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.result_log import read_all_progress
from spacetime_rl.sizing.device_probe import choose_device
from spacetime_rl.sizing.learners import choose_learners
from spacetime_rl.sizing.settle import describe_sizes, needed_cpus, settle_sizes
from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.identity import RunIdentity, describe_run
from spacetime_rl.tracking.store import Store, resolve_store
from spacetime_rl.tracking.tensorboard import TensorBoardCallback
from spacetime_rl.training.outcome import Outcome
from spacetime_rl.training.outputs import make_outputs
from spacetime_rl.training.selection import Selection
from spacetime_rl.training.sweep_outputs import publish_sweep
from spacetime_rl.tuning.experiment import Experiment
from spacetime_rl.tuning.interrupt import Interrupt
from spacetime_rl.tuning.progress_callback import ProgressCallback
from spacetime_rl.tuning.ray_session import gpus_there, node_cpus, ray_session
from spacetime_rl.tuning.result_log import ResultLog
from spacetime_rl.tuning.room import WaitingForRoom
from spacetime_rl.tuning.search import choose_concurrent, count_trials
from spacetime_rl.tuning.trial_end import TrialEnd, run_error
from spacetime_rl.tuning.tune_run import run_trials
from spacetime_rl.tuning.tune_state import can_resume


def execute(
    config: SweepConfig, folder: RunFolder, plan: RolloutPlan, progress: Progress, *, resumed: bool, evaluate: bool
) -> Outcome:
    """Train, publish the results, and record the outcome in the run's state.json."""
    store = resolve_store(config.base.results, config.base.tracking.uri)
    with folder.record_failure():
        rehearse_setup(_as_begun(config.base, folder, resumed), plan)
        folder.set_status("training")
        progress.stage("starting Ray")
        with ray_session(needed_cpus(config.base)):
            experiment, concurrent = _settle(config, folder, plan, progress)
            record = describe_run(experiment.base, folder.run_id, folder.path)
            progress.earlier = read_all_progress(folder.paths.results) if resumed else {}
            with Interrupt() as interrupt:
                selection = _selection(experiment, folder, progress)
                training = _Training(experiment, folder, progress, record, store, interrupt, concurrent, selection)
                ends = training.run(resumed)
                if selection is not None:
                    selection.finish(lambda: interrupt.requested)
        outcome = _publish(experiment, folder, ends, record, store, progress, evaluate, interrupt.requested)
    folder.set_evaluated(outcome.summary.stopped)
    if outcome.summary.stopped:
        progress.end("stopped")
    return outcome


def _settle(config: SweepConfig, folder: RunFolder, plan: RolloutPlan, progress: Progress) -> tuple[Experiment, int]:
    """Replace every `auto` in the configuration by a number. Also returns the number of concurrent trials."""
    nodes = node_cpus()
    learners, gpus = choose_learners(config.base.resources, gpus_there())
    concurrent = choose_concurrent(config, sum(nodes))
    base = config.base.with_learners(learners)
    gpus = choose_device(base, plan, gpus, progress.stage)
    base, plan = settle_sizes(base, plan, nodes, concurrent, progress.stage, not _searches_batch(config), gpus)
    folder.write_config(base, plan.spec)
    experiment = Experiment(replace(config, base=base), plan, folder.run_id, folder.versions(), gpus)
    if config.is_search:
        progress.expect(count_trials(config), config.settings.goals[0])
    return experiment, concurrent


def _selection(experiment: Experiment, folder: RunFolder, progress: Progress) -> Selection | None:
    every = experiment.base.evaluation.every_agent_steps
    return Selection(folder.path, every, progress, experiment.home) if every else None


@dataclass(frozen=True, slots=True)
class _Training:
    """The settings of a training, which stay the same if Tune is started again."""

    experiment: Experiment
    folder: RunFolder
    progress: Progress
    record: RunIdentity
    store: Store
    interrupt: Interrupt
    concurrent: int
    selection: Selection | None = None

    def run(self, resumed: bool) -> Sequence[TrialEnd]:
        """Train to the end. Raises the error of a single run's trial; the trials of a sweep may fail.

        If the training process of a run is lost, the run restarts from its latest checkpoint, at most
        `checkpoint.max_failures` times. If the trial itself raises an error, the run ends at once. Tune retries the
        trials of a sweep.
        """
        failures, most = 0, self.experiment.base.checkpoint.max_failures
        while True:
            ends = self._run_once(resumed)
            if self.experiment.sweep.is_search or ends[0].error is None:
                return ends
            if isinstance(ends[0].error, NoGameCame):
                raise signals.Stopped(signals.received() or signals.INTERRUPT) from ends[0].error
            error = run_error(ends[0], self.folder)
            if not isinstance(error, TrialLost):
                raise error
            if self.interrupt.requested:  # Slurm and systemd signal every process, including the one that trains
                raise signals.Stopped(signals.received() or signals.INTERRUPT) from error
            if failures == most:
                raise error
            self.progress.note(f"going on from the latest checkpoint: {error}")
            failures += 1
            resumed = True

    def _run_once(self, resumed: bool) -> Sequence[TrialEnd]:
        experiment, folder = self.experiment, self.folder
        base = _as_begun(experiment.base, folder, resumed)
        experiment = replace(experiment, sweep=replace(experiment.sweep, base=base))
        goal = experiment.sweep.settings.goals[0]
        mlflow = MlflowCallback(self.record, self.store, resumed, goal.metric, goal.mode)
        callbacks: list[Callback] = [
            self.interrupt,
            WaitingForRoom(),
            ProgressCallback(self.progress),
            *([self.selection] if self.selection else []),  # before those that record what it adds to results
            ResultLog(folder.paths.results, folder.paths.metrics_table),
            mlflow,
            *self._tensorboard(),
        ]
        folder.keep()
        at_a_time = f"{self.concurrent} at a time, each " if experiment.sweep.is_search else ""
        sizes = "to learn without games" if base.imitation.offline else describe_sizes(experiment.plan)
        self.progress.stage(f"starting {at_a_time}{sizes}")
        with mlflow.stopped_at_once():
            return run_trials(experiment, folder, callbacks, self.concurrent, resumed)

    def _tensorboard(self) -> list[Callback]:
        base, is_search = self.experiment.base, self.experiment.sweep.is_search
        if not base.tracking.tensorboard:
            return []
        return [TensorBoardCallback(self.folder.paths.tensorboard, base.to_dict(), single=not is_search)]


def _publish(
    experiment: Experiment,
    folder: RunFolder,
    ends: Sequence[TrialEnd],
    record: RunIdentity,
    store: Store,
    progress: Progress,
    evaluate: bool,
    interrupted: bool,
) -> Outcome:
    if experiment.sweep.is_search:
        return publish_sweep(experiment, folder, ends, record, store, progress, evaluate, interrupted)
    (end,) = ends
    folder.set_trained(end.done)
    summary = make_outputs(experiment.base, folder, end, end.done, record, store, progress, evaluate)
    return Outcome(experiment.sweep, ends, summary)


def _searches_batch(config: SweepConfig) -> bool:
    """Whether the sweep searches settings that batch sizes depend on; `auto` batch sizes are then not measured."""
    deciding = {("algorithm",), *(("training", key) for key in UNMEASURED)}
    return any(path in deciding for path in config.space)


def _as_begun(config: RunConfig, folder: RunFolder, resumed: bool) -> RunConfig:
    """The configuration, without `initialize_from` if the run has its own checkpoints: the other run may be gone."""
    if resumed and can_resume(folder):
        return config.model_copy(update={"initialize_from": None})
    return config
