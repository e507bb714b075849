"""Record a run in MLflow again from its folder, or delete its records."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.config import load
from spacetime_rl.config.sweep import Objective
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.read import RunRecord
from spacetime_rl.runs.result_log import read_all_progress
from spacetime_rl.tracking import names
from spacetime_rl.tracking.examine import examine
from spacetime_rl.tracking.identity import RunIdentity, describe_run
from spacetime_rl.tracking.outputs import find_tracked_run, record_models, record_outputs
from spacetime_rl.tracking.query import find_runs
from spacetime_rl.tracking.recorder import Recorder, Status
from spacetime_rl.tracking.store import Store, make_client, resolve_store

logger = logging.getLogger(__name__)

_ENDINGS: dict[str, Status] = {"finished": "FINISHED", "failed": "FAILED"}


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """An exported policy in a run's folder."""

    name: str
    onnx: Path
    schema: Path
    parity: float


def record(run: RunRecord, uri: str | None = None) -> str:
    """Record the parts of a run that MLflow lacks. Returns the address of its page. Raises UsageError if it cannot."""
    store, sweep = _where(run, uri)
    examine(store, sweep.experiment)
    trials = read_all_progress(run.paths.results)
    if not trials:
        raise UsageError(f"{run.run_id}: has no results yet, in {run.paths.results}")
    recorder = Recorder(sweep, store, resumed=True)
    ending: Status = _ENDINGS.get(run.status, "KILLED")
    for number, trial_id in enumerate(trials):
        recorder.open_trial(trial_id, f"{number:05d} · {sweep.run_id}", {})
        recorder.close_trial(trial_id, ending)
    best = _best(run, trials)
    figures = metrics.recorded_metrics(metrics.public_metrics(trials[best][-1]))
    recorder.close_sweep(ending, figures, {names.BEST_TRIAL: best})
    tracked = find_tracked_run(store, sweep, best)
    if tracked is None:
        raise UsageError(f"{run.run_id}: MLflow at {store.uri} did not take it")
    policies = list(_policies(run))
    models = record_models(tracked, policies, sweep.config.tracking.register_models)
    note = run.paths.summary_page
    text = note.read_text(encoding="utf-8") if note.is_file() else ""
    record_outputs(tracked, run.folder, policies, models, run.reports, text, candidate=False)
    return tracked.url


def forget(run: RunRecord) -> int | None:
    """Mark a run's records in MLflow as deleted, as its page does. Returns their number; None without an answer."""
    try:
        store, sweep = _where(run, None)
        client = make_client(store)
        experiment = client.get_experiment_by_name(sweep.experiment)
        if experiment is None:
            return 0
        found = list(find_runs(client, experiment.experiment_id, {names.RUN_ID: run.run_id}))
        for recorded in found:
            client.delete_run(recorded.info.run_id)
    except Exception as error:  # the caller keeps the folder if this fails
        logger.warning("MLflow does not answer: %s", error)
        return None
    return len(found)


def _best(run: RunRecord, trials: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The trial whose policies were published; without a summary, the best by the sweep's first objective."""
    published = run.summary.get("trial")
    if published in trials:
        return str(published)
    goal = load_sweep(run.paths.sweep).settings.goals[0] if run.is_sweep else Objective(metric=metrics.SCENARIO_SUCCESS)
    sign = 1.0 if goal.mode == "max" else -1.0
    return max(trials, key=lambda trial: sign * trials[trial][-1].get(goal.metric, -sign * math.inf))


def _where(run: RunRecord, uri: str | None) -> tuple[Store, RunIdentity]:
    config = load(run.paths.config)
    config = config.model_copy(update={"results": run.folder.parent})
    return resolve_store(config.results, uri, config.tracking.uri), describe_run(config, run.run_id, run.folder)


def _policies(run: RunRecord) -> Iterator[KeptPolicy]:
    for name, files in (run.summary.get("policies") or {}).items():
        policy = KeptPolicy(name, Path(files["onnx"]), Path(files["schema"]), float(files["parity"]))
        if policy.onnx.is_file() and policy.schema.is_file():
            yield policy
