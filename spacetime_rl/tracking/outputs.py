"""Add the outputs of a trained trial to its MLflow run: policies as models, the evaluation and the report."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacetime_rl import metrics
from spacetime_rl.runs.best import Judged
from spacetime_rl.runs.layout import ONNX, REPORT, RunPaths
from spacetime_rl.tracking import names
from spacetime_rl.tracking.database import sqlite_file
from spacetime_rl.tracking.identity import RunIdentity
from spacetime_rl.tracking.models import (
    Exported,
    RecordedModel,
    TrackedRun,
    describe_version,
    log_policy,
    promote_candidate,
    register_policy,
)
from spacetime_rl.tracking.query import find_run, find_runs
from spacetime_rl.tracking.store import Store, make_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

TRAINED = "trained"
_SUCCESS = "success_rate"
Reports = Mapping[str, Mapping[str, Any]]
"""Evaluation reports (`EvalReport.to_dict()`) by what was evaluated: `trained`, `heuristic`, `random`."""


def find_tracked_run(store: Store, sweep: RunIdentity, trial_id: str) -> TrackedRun | None:
    """The MLflow run of a trial; None, and logged, if MLflow has none or does not answer."""
    try:
        file = sqlite_file(store.uri)
        if file is not None and not file.exists():
            raise FileNotFoundError(f"{file} is gone, and what was recorded in it")
        client = make_client(store)
        experiment = client.get_experiment_by_name(sweep.experiment)
        tags = {names.RUN_ID: sweep.run_id, names.TRIAL_ID: trial_id}
        run = find_run(client, experiment.experiment_id, tags) if experiment else None
    except Exception as error:  # tracking never fails a run that has trained well
        logger.warning("MLflow at %s does not answer: %s", store.uri, error)
        return None
    if run is None:
        logger.warning("MLflow at %s has no run of trial %s of %s.", store.uri, trial_id, sweep.run_id)
        return None
    step = metrics.Result(run.data.metrics).step
    return TrackedRun(store, sweep.run_id, sweep.experiment, run.info.experiment_id, run.info.run_id, step)


def record_models(run: TrackedRun, exported: Sequence[Exported], register: bool = True) -> dict[str, RecordedModel]:
    """Upload the exported policies to the run; called before the evaluation, which may fail. Returns them by name.

    With `register`, every policy becomes a version of the registered model `<experiment>.<policy>`. After a failure,
    which is logged, the models that were recorded before it are returned.
    """
    models: dict[str, RecordedModel] = {}
    try:
        client = make_client(run.store)
        for policy in exported:
            model = log_policy(client, run, policy)
            version = register_policy(client, run, policy, model) if register else None
            models[policy.name] = RecordedModel(policy.name, model.model_id, version)
    except Exception as error:  # tracking never fails a run that has trained well
        logger.warning("MLflow at %s did not take all models of the run: %s", run.store.uri, error)
    return models


def record_outputs(
    run: TrackedRun,
    folder: Path,
    exported: Sequence[Exported],
    models: Mapping[str, RecordedModel],
    reports: Reports,
    note: str,
    candidate: bool = True,
) -> bool:
    """Add `folder/onnx`, `folder/report`, the evaluation's figures and a note in Markdown to the run.

    With `candidate`, the registered versions among `models` take the alias `candidate`. Returns False, and logs it, if
    MLflow did not take everything.
    """
    try:
        client = make_client(run.store)
        for policy in exported:
            model = models.get(policy.name)
            figures = _figures(reports, policy)
            _log_figures(client, run, policy.name, figures, model.model_id if model else None)
            if model is not None and model.version is not None:
                describe_version(client, run, model, figures.get(_SUCCESS))
                if candidate:
                    promote_candidate(client, run, model)
        _log_points(client, run, _task_figures(reports))
        _log_points(client, run, _bounds(reports))
        if reports:
            client.log_table(run.id, evaluation_table(reports), RunPaths(folder).evaluation.name)
        for name in (ONNX, REPORT):
            if (folder / name).is_dir():
                client.log_artifacts(run.id, str(folder / name), name)
        client.set_tag(run.id, "mlflow.note.content", note[:8000])  # MLflow's limit for a tag
    except Exception as error:  # tracking never fails a run that has trained well
        logger.warning("MLflow at %s did not take all outputs of the run: %s", run.store.uri, error)
        return False
    return True


def record_best(run: TrackedRun, best: Judged) -> bool:
    """Add the best checkpoint of a run to it: its outcomes at its agent steps, and the tag `best_checkpoint`.

    Returns False, and logs it, on failure.
    """
    from mlflow.entities import Metric

    try:
        client = make_client(run.store)
        now = int(time.time() * 1000)
        found = {metrics.of_evaluation(f"best_{name}"): value for name, value in best.figures.items()}
        figures = metrics.finite_metrics({**found, metrics.BEST_AT: best.agent_steps})
        points = [Metric(name, value, now, max(run.step, best.agent_steps)) for name, value in figures.items()]
        client.log_batch(run.id, metrics=points)
        client.set_tag(run.id, names.BEST_CHECKPOINT, f"{best.trial_id} at {best.agent_steps} agent steps")
    except Exception as error:  # tracking never fails a run that has trained well
        logger.warning("MLflow at %s did not take the best checkpoint: %s", run.store.uri, error)
        return False
    return True


def record_report(
    store: Store, sweep: RunIdentity, files: Path, path: str, kind: Literal["trial", "sweep"] = "trial"
) -> bool:
    """Add a file, or all files of a folder, to a run's newest recorded trial, or to a sweep's parent run.

    Returns False, and logs it, on failure.
    """
    try:
        client = make_client(store)
        experiment = client.get_experiment_by_name(sweep.experiment)
        found = find_runs(client, experiment.experiment_id, {names.RUN_ID: sweep.run_id}) if experiment else ()
        run = next((run for run in found if (names.TRIAL_ID in run.data.tags) == (kind == "trial")), None)
        if run is not None:
            record = client.log_artifacts if files.is_dir() else client.log_artifact
            record(run.info.run_id, str(files), path)
            return True
        logger.warning("MLflow at %s has no run of %s.", store.uri, sweep.run_id)
    except Exception as error:  # the files are still in their folder
        logger.warning("MLflow at %s did not take %s: %s", store.uri, files, error)
    return False


def evaluation_table(reports: Reports) -> dict[str, list[Any]]:
    """The evaluation as columns of a table, with a row for each player and policy in the order of `reports`.

    Columns without any value are left out.
    """
    rows = [
        (player, policy, figures)
        for player, report in reports.items()
        for policy, figures in report["policies"].items()
    ]
    columns: dict[str, list[Any]] = {
        "player": [player for player, _, _ in rows],
        "policy": [policy for _, policy, _ in rows],
        "success": [figures.get("success_rate") for _, _, figures in rows],
        "success from": [(figures.get("success_ci") or (None, None))[0] for _, _, figures in rows],
        "success to": [(figures.get("success_ci") or (None, None))[1] for _, _, figures in rows],
        "return": [figures.get("return_mean") for _, _, figures in rows],
        "length": [figures.get("length_mean") for _, _, figures in rows],
        "episodes": [figures.get("episodes") for _, _, figures in rows],
        "first seed": [figures.get("seed") for _, _, figures in rows],
    }
    return {name: values for name, values in columns.items() if any(value is not None for value in values)}


def _figures(reports: Reports, policy: Exported) -> dict[str, float]:
    """A trained policy's figures on the seeded episodes, with the success rates of the other players."""
    found = {source: report["policies"].get(policy.name, {}) for source, report in reports.items()}
    own = found.pop(TRAINED, {})
    figures = {name: own.get(name) for name in metrics.OUTCOMES}
    figures |= {f"{_SUCCESS}_{source}": other.get(_SUCCESS) for source, other in found.items()}
    return metrics.finite_metrics(figures | {"parity": policy.parity})


def _task_figures(reports: Reports) -> dict[str, float]:
    """Success and return of the trained policies in each task; empty without several tasks."""
    tasks = reports.get(TRAINED, {}).get("tasks", {})
    figures = {
        metrics.of_task(task, name): own.get(name)
        for task, own in tasks.items()
        for name in (metrics.SUCCESS, metrics.RETURN)
    }
    return metrics.finite_metrics(figures)


def _bounds(reports: Reports) -> dict[str, float]:
    """The numbers of finished and cut-off episodes of players that did not finish all of them."""
    found = {source: report["bounded"] for source, report in reports.items() if "bounded" in report}
    return {f"{kind}_{source}": bounded[kind] for source, bounded in found.items() for kind in ("finished", "cut_off")}


def _log_figures(
    client: MlflowClient, run: TrackedRun, policy: str, figures: Mapping[str, float], model: str | None
) -> None:
    _log_points(client, run, {f"{policy}/{name}": value for name, value in figures.items()}, model)


def _log_points(client: MlflowClient, run: TrackedRun, figures: Mapping[str, float], model: str | None = None) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    points = [
        Metric(metrics.valid_name(f"test/{name}"), value, now, run.step, model_id=model)
        for name, value in figures.items()
    ]
    if points:
        client.log_batch(run.id, metrics=points)
