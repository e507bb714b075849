"""The story of a sweep: many runs of one configuration, of which the best is exported, evaluated and registered."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl import signals
from spacetime_rl.config import settle_like
from spacetime_rl.config.policy import UNMEASURED
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.config.sweep_writer import dump_sweep
from spacetime_rl.errors import ResumeError, TrialFailed
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.run_state import SWEEP_FILE
from spacetime_rl.tracking.store import resolve_store
from spacetime_rl.training.meet import engine_version, meet_game
from spacetime_rl.training.progress import Progress
from spacetime_rl.training.ranking import rank
from spacetime_rl.training.reachable import check_reachable
from spacetime_rl.training.run import examine_store
from spacetime_rl.training.run_folder import RunFolder
from spacetime_rl.training.screen import show_progress
from spacetime_rl.training.versions import collect_versions, other_versions

if TYPE_CHECKING:
    from spacetime_rl.training.sweep_outputs import SweepEnd
    from spacetime_rl.training.sweep_trials import CandidateEnd


def sweep(
    config: SweepConfig, run_id: str | None = None, force: bool = False, judge: bool = True, json_output: bool = False
) -> SweepEnd:
    """Begin a sweep and carry it to its end, or to where the user stops it. Raises what `run.train` does."""
    check_reachable(config.base)
    warning = examine_store(config.base)
    folder = RunFolder.create(config.base, run_id, force)
    try:
        (folder.path / SWEEP_FILE).write_text(dump_sweep(config), encoding="utf-8")
        return _carry_out(config, folder, [warning], resumed=False, judge=judge, json_output=json_output)
    except BaseException:
        folder.abandon()
        raise
    finally:
        folder.release()


def resume_sweep(where: str | Path, results: Path, judge: bool = True, json_output: bool = False) -> SweepEnd:
    """Go on with a sweep: what is finished stays, the rest goes on from its checkpoints or begins.

    Raises ResumeError if it is finished, or going on, or was begun with other versions.
    """
    folder = RunFolder.reopen(where, results)
    try:
        if not folder.is_sweep:
            raise ResumeError(
                f"{folder.run_id}: is a run, not a sweep; go on with it by "
                f"`spacetime-rl train --resume {shlex.quote(folder.run_id)}`"
            )
        if folder.state()["status"] == "finished":
            raise ResumeError(f"{folder.run_id}: is finished; begin another sweep for more")
        others = other_versions(folder.versions())
        if others:
            raise ResumeError(f"{folder.run_id}: was begun with {others}; resume it with these versions")
        config = load_sweep(folder.path / SWEEP_FILE)
        check_reachable(config.base)
        config = replace(config, base=settle_like(config.base, folder.config()))  # what was measured stays
        notes = [folder.moved_from(config.base)]
        config = replace(config, base=folder.here(config.base))
        notes.append(examine_store(config.base))
        return _carry_out(config, folder, notes, resumed=True, judge=judge, json_output=json_output)
    finally:
        folder.release()


def _carry_out(
    config: SweepConfig, folder: RunFolder, notes: list[str | None], *, resumed: bool, judge: bool, json_output: bool
) -> SweepEnd:
    log = folder.logs / "output.log"
    with show_progress(folder.run_id, config.base.stop, log, json_output) as progress:
        for note in filter(None, notes):
            progress.note(note)
        progress.stage("starting the game")
        plan = meet_game(config.base, folder.logs)
        folder.write_facts(plan.spec, collect_versions(engine_version(plan)))
        progress.stage("loading Ray and torch")
        with folder.tells_failure():
            return _train(config, folder, plan, progress, resumed, judge)


def _train(
    config: SweepConfig, folder: RunFolder, plan: RolloutPlan, progress: Progress, resumed: bool, judge: bool
) -> SweepEnd:
    from spacetime_rl.tracking.callback import MlflowCallback  # what needs Ray: takes seconds, and the screen is up
    from spacetime_rl.tracking.history import PROGRESS, read_all_progress
    from spacetime_rl.tracking.sweep import describe_sweep
    from spacetime_rl.training.candidate import Candidates
    from spacetime_rl.training.interrupt import Interrupt
    from spacetime_rl.training.local_ray import choose_gpus, node_cpus, ray_session
    from spacetime_rl.training.progress_callback import ProgressCallback
    from spacetime_rl.training.rehearsal import rehearse_setup
    from spacetime_rl.training.result_log import ResultLog
    from spacetime_rl.training.room import WaitingForRoom
    from spacetime_rl.training.search import count_trials
    from spacetime_rl.training.sizes import describe_sizes, needed_cpus, settle_sizes
    from spacetime_rl.training.sweep_outputs import SweepOutputs
    from spacetime_rl.training.sweep_trials import run_candidates
    from spacetime_rl.training.trials import has_learned_nothing

    store = resolve_store(config.base.results, config.base.tracking.uri)
    rehearse_setup(config.base, plan)
    folder.set_status("training")
    progress.stage("starting Ray")
    with ray_session(needed_cpus(config.base)):
        nodes = node_cpus()
        concurrent = choose_concurrent(config, sum(nodes))
        base, plan = settle_sizes(
            config.base, plan, nodes, concurrent, progress.stage, measure_batch=not _searches_batch(config)
        )
        config = replace(config, base=base)
        folder.write_config(base, plan.spec)
        record = describe_sweep(base, folder.run_id, folder.path)
        goal = config.settings.goals[0]
        mlflow = MlflowCallback(record, store, resumed, goal.metric, goal.mode)
        progress.expect(count_trials(config), goal)
        progress.earlier = read_all_progress(folder.path / PROGRESS) if resumed else {}
        candidates = Candidates(config, plan, folder.run_id, folder.versions(), choose_gpus(base.resources.gpus))
        folder.keep()
        progress.stage(f"starting {concurrent} at a time, each {describe_sizes(plan)}")
        with Interrupt() as interrupt, mlflow.stopped_at_once():
            callbacks: list[Any] = [
                interrupt,
                WaitingForRoom(),
                ProgressCallback(progress),
                ResultLog(folder.path / PROGRESS),
                mlflow,
            ]
            trials = run_candidates(candidates, folder, callbacks, concurrent, resumed)
        interrupted = interrupt.requested
    ranked = rank([trial for trial in trials if not has_learned_nothing(trial.result)], config.settings.goals)
    if not ranked and interrupted:
        raise signals.Stopped(signals.received() or signals.INTERRUPT)  # there is nothing yet to be judged
    outputs = SweepOutputs(candidates, folder, record, store, needed_cpus(base))
    if not ranked:
        why = outputs.report_nothing(trials, _why_nothing(config, trials))
        raise TrialFailed(f"{folder.run_id}: {why}\nMore is in {folder.logs}.")
    folder.set_trained(not interrupted)
    end = outputs.make(trials, ranked, judge, not interrupted, progress)
    folder.set_evaluated(end.summary.stopped)
    return end


def _searches_batch(config: SweepConfig) -> bool:
    """Whether trials differ in what decides about the batch: its sizes that are `auto` then have fixed values."""
    deciding = {("algorithm",), *(("training", key) for key in UNMEASURED)}
    return any(path in deciding for path in config.space)


def _why_nothing(config: SweepConfig, trials: Sequence[CandidateEnd]) -> str:
    reasons = sorted({trial.error for trial in trials if trial.error})
    if reasons:
        return f"every trial failed: {'; '.join(reasons)}"
    wanted = " and ".join(goal.metric for goal in config.settings.goals)
    return (
        f"no trial has a figure for {wanted}: they stopped before an episode had ended, or there is no such metric; "
        f"progress.jsonl in the run's folder names those there are{_advice(config, trials)}"
    )


def _advice(config: SweepConfig, trials: Sequence[CandidateEnd]) -> str:
    """What to do where episodes have ended and only success is missing."""
    from spacetime_rl.training.search import ADVICE, RATE

    rated = any(goal.metric.endswith(RATE) for goal in config.settings.goals)
    played = any(trial.result.get("episodes", 0) for trial in trials)
    return f". This game reports no success; {ADVICE}" if rated and played else ""


def choose_concurrent(config: SweepConfig, cpus: float) -> int:
    """How many trials train at a time: a population together, else each with two cores where there are as many."""
    settings = config.settings
    wanted = settings.max_concurrent
    if wanted is None:
        wanted = int(cpus) if settings.scheduler.type in ("pbt", "pb2") else int(cpus / 2)
    return max(1, min(wanted, settings.num_samples * settings.seeds_per_trial))
