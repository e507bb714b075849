"""Write a run, or a sweep and its trials, into MLflow. Every method may be repeated: it finds earlier records."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from spacetime_rl import metrics
from spacetime_rl.errors import TrackingError
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.runs.layout import RunPaths, file_name
from spacetime_rl.runs.result_log import read_progress
from spacetime_rl.tracking import names
from spacetime_rl.tracking.dead_runs import close_dead_runs
from spacetime_rl.tracking.identity import RunIdentity
from spacetime_rl.tracking.inputs import describe_inputs
from spacetime_rl.tracking.query import find_run
from spacetime_rl.tracking.store import Store, make_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

Status = Literal["FINISHED", "FAILED", "KILLED"]
_PARENT = {names.KIND: "sweep"}
# MLflow's limits: a call takes 1000 metrics, or 100 parameters or tags; a tag takes 8000 characters.
_MOST_METRICS = 1000
_T = TypeVar("_T")


@dataclass(slots=True)
class _Open:
    """A run that is open in MLflow: its MLflow id and the last step recorded."""

    id: str
    last_step: int = -1


@dataclass(frozen=True, slots=True)
class Point:
    """One point of every curve of a trial."""

    trial_id: str
    metrics: Mapping[str, float]
    step: int
    timestamp_ms: int


class Recorder:
    """Writes one run or sweep into one store. Not thread-safe: one thread owns it.

    A single run is recorded as its only trial, without a parent. Earlier versions gave it a parent run, which is
    updated when such a run is resumed. `resumed` continues the runs that an earlier process recorded for the same run
    id; otherwise new ones are created.
    """

    def __init__(self, sweep: RunIdentity, store: Store, resumed: bool = False) -> None:
        self._sweep = sweep
        self._store = store
        # If the answer to a call that created a run is lost, the run's start time tells it from the id's earlier runs.
        self._since_ms = 0 if resumed else int(time.time() * 1000)
        self._resumed = resumed
        self._client_made: MlflowClient | None = None
        self._experiment: str | None = None
        self._parent: _Open | None = None
        self._looked_for_dead = False
        self._trials: dict[str, _Open] = {}

    def open_sweep(self) -> None:
        """Find or create the parent run of a sweep, with the configuration as parameters and files."""
        if not self._looked_for_dead:
            close_dead_runs(self._client, self._experiment_id)
            self._looked_for_dead = True
        if self._parent is not None or self._sweep.single:
            return
        run = self._find(_PARENT) or self._create(self._sweep.run_id, _PARENT)
        self._log_params(run.id, names.flatten(self._sweep.config.to_dict()))
        self._log_run_files(run.id)
        self._parent = run

    def open_trial(self, trial_id: str, name: str, sampled: Mapping[str, Any]) -> None:
        """Find or create the run of a trial. `sampled` are its searched settings, by dotted name."""
        self.open_sweep()
        if trial_id in self._trials:
            return
        own = {names.TRIAL_ID: trial_id}
        run = self._find(own)
        if run is None and self._sweep.single:
            run = self._create(self._sweep.run_id, own | {names.KIND: "run"})
        elif run is None:
            run = self._create(name, own | {names.KIND: "trial", "mlflow.parentRunId": self._parent_id})
        self._log_params(run.id, names.flatten(self._sweep.config.to_dict()) | names.flatten(sampled))
        self._log_run_files(run.id)
        self._client.log_inputs(run.id, describe_inputs(self._sweep))
        self._trials[trial_id] = run
        if self._resumed:
            self.log_points(self._history(trial_id))

    def log_points(self, points: Iterable[Point]) -> None:
        """Add points to the curves of trials, except steps that a run already has and a resumed trial repeats."""
        fresh: dict[str, list[Point]] = {}
        for point in points:
            own = fresh.setdefault(point.trial_id, [])
            if point.step > (own[-1].step if own else self._trial(point.trial_id).last_step):
                own.append(point)
        for trial_id, own in fresh.items():
            self._log_fresh(self._trial(trial_id), own)

    def tag_trial(self, trial_id: str, tags: Mapping[str, str]) -> None:
        """Set tags on a trial."""
        self._set_tags(self._trial(trial_id).id, tags)

    def log_trial_files(self, trial_id: str, files: Iterable[Path], folder: str, limit_bytes: int = 1_000_000) -> None:
        """Attach the last `limit_bytes` of each file to a trial; missing files are skipped."""
        for file in files:
            if file.is_file():
                self._log_tail(self._trial(trial_id).id, file, folder, limit_bytes)

    def close_trial(self, trial_id: str, status: Status) -> None:
        """End the run of a trial."""
        self._client.set_terminated(self._trial(trial_id).id, status)

    def close_sweep(self, status: Status, best: Mapping[str, float], tags: Mapping[str, str]) -> None:
        """End the parent run and add the figures of the best trial to it, so that sweeps can be compared in a list."""
        from mlflow.entities import Metric

        self.open_sweep()
        if self._sweep.single:
            self._close_old_parent(status)
            return
        now, step = int(time.time() * 1000), metrics.Result(best).step
        for batch in _batches((Metric(k, v, now, step) for k, v in best.items()), _MOST_METRICS):
            self._client.log_batch(self._parent_id, metrics=batch)
        self._set_tags(self._parent_id, tags)
        self._client.set_terminated(self._parent_id, status)

    def _close_old_parent(self, status: Status) -> None:
        parent = find_run(self._client, self._experiment_id, {names.RUN_ID: self._sweep.run_id, **_PARENT})
        if self._resumed and parent is not None:
            self._client.set_terminated(parent.info.run_id, status)

    def _log_fresh(self, run: _Open, points: Sequence[Point]) -> None:
        """Record as many whole points per call as MLflow allows; one by one, a backlog would take minutes."""
        from mlflow.entities import Metric

        most = max([1, *(len(point.metrics) for point in points)])
        for some in _batches(points, max(1, _MOST_METRICS // most)):
            figures = (Metric(k, v, point.timestamp_ms, point.step) for point in some for k, v in point.metrics.items())
            for batch in _batches(figures, _MOST_METRICS):
                self._client.log_batch(run.id, metrics=batch)
            run.last_step = some[-1].step

    def _history(self, trial_id: str) -> Iterator[Point]:
        """A trial's points from the run's folder: MLflow may lack some of them, or be another store than before."""
        for result in read_progress(RunPaths(self._sweep.folder).results, trial_id):
            figures = metrics.recorded_metrics(metrics.public_metrics(result))
            yield Point(trial_id, figures, metrics.Result(result).step, int(1000 * result[metrics.TIMESTAMP]))

    def _trial(self, trial_id: str) -> _Open:
        if trial_id not in self._trials:
            raise LookupError(f"trial {trial_id} has no run, because MLflow refused to make one")
        return self._trials[trial_id]

    @property
    def _client(self) -> MlflowClient:
        if self._client_made is None:
            self._client_made = make_client(self._store)
        return self._client_made

    @property
    def _parent_id(self) -> str:
        self.open_sweep()
        return self._parent.id if self._parent else ""

    @property
    def _experiment_id(self) -> str:
        if self._experiment is None:
            self._experiment = find_or_create_experiment(self._client, self._store, self._sweep.experiment)
        return self._experiment

    def _find(self, tags: Mapping[str, str]) -> _Open | None:
        tags = {names.RUN_ID: self._sweep.run_id, **tags}
        run = find_run(self._client, self._experiment_id, tags, self._since_ms)
        if run is None:
            return None
        self._client.update_run(run.info.run_id, status="RUNNING")
        return _Open(run.info.run_id, metrics.Result(run.data.metrics).step if run.data.metrics else -1)

    def _create(self, name: str, tags: Mapping[str, str]) -> _Open:
        run = self._client.create_run(self._experiment_id, run_name=name, tags={**tags, **self._tags()})
        return _Open(run.info.run_id)

    def _tags(self) -> dict[str, str]:
        sweep = self._sweep
        tags = {
            names.RUN_ID: sweep.run_id,
            names.SCENARIO: sweep.scenario,
            names.FOLDER: str(sweep.folder),
            "mlflow.source.type": "LOCAL",
            "mlflow.source.name": "spacetime-rl",
            "command": sweep.command,
            "mlflow.user": sweep.user,
            "mlflow.source.git.commit": sweep.git_revision or "",
            **{f"version.{package}": version for package, version in sweep.versions.items()},
        }
        return {key: value[:8000] for key, value in tags.items() if value}

    def _log_params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Record parameters, which are immutable: values that a resumed run changed become tags `changed.<name>`."""
        from mlflow.entities import Param

        have = self._client.get_run(run_id).data.params
        for batch in _batches((Param(k, v) for k, v in params.items() if k not in have), 100):
            self._client.log_batch(run_id, params=batch)
        self._set_tags(run_id, {f"changed.{k}": v for k, v in params.items() if have.get(k, v) != v})

    def _set_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        from mlflow.entities import RunTag

        for batch in _batches((RunTag(metrics.valid_name(k), v[:8000]) for k, v in tags.items()), 100):
            self._client.log_batch(run_id, tags=batch)

    def _log_run_files(self, run_id: str) -> None:
        paths = RunPaths(self._sweep.folder)
        for file in (paths.config, paths.spec, paths.versions):
            if file.is_file():
                self._client.log_artifact(run_id, str(file))

    def _log_tail(self, run_id: str, file: Path, folder: str, limit_bytes: int) -> None:
        if file.stat().st_size <= limit_bytes:
            self._client.log_artifact(run_id, str(file), folder)
            return
        with scratch_folder("log") as scratch, file.open("rb") as source:
            source.seek(-limit_bytes, 2)
            tail = Path(scratch) / file.name
            tail.write_bytes(source.read())
            self._client.log_artifact(run_id, str(tail), folder)


def find_or_create_experiment(client: MlflowClient, store: Store, name: str) -> str:
    """The id of the experiment of that name, created if necessary with its files in the store's folder."""
    found = client.get_experiment_by_name(name)
    if found is not None and found.lifecycle_stage == "active":
        return str(found.experiment_id)
    location = (store.artifacts / file_name(name)).as_uri() if store.artifacts else None
    # With this tag MLflow shows pages for model training, without it pages for language models.
    tags = {"mlflow.experimentKind": "custom_model_development"}
    return str(client.create_experiment(name, artifact_location=location, tags=tags))


def is_passing(error: Exception) -> bool:
    """Whether a failure of MLflow may pass: no connection, a busy or broken server, a locked database."""
    from mlflow.exceptions import MlflowException

    passing = {"INTERNAL_ERROR", "TEMPORARILY_UNAVAILABLE", "REQUEST_LIMIT_EXCEEDED", "DEADLINE_EXCEEDED", "ABORTED"}
    if isinstance(error, MlflowException):
        return error.error_code in passing
    return isinstance(error, (ConnectionError, TimeoutError, TrackingError)) or type(error).__module__.startswith(
        "requests"
    )


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    source = iter(items)
    while batch := list(islice(source, size)):
        yield batch
