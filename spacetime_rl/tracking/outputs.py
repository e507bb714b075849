"""Adds to a trial's run what is made after training: policies as models, the evaluation and the report."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from spacetime_rl.tracking import names
from spacetime_rl.tracking.recorder import find_run
from spacetime_rl.tracking.store import Store, make_client
from spacetime_rl.tracking.sweep import Sweep

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.models import ModelSignature

logger = logging.getLogger(__name__)

TRAINED = "trained"
Reports = Mapping[str, Mapping[str, Any]]
"""Evaluation reports (`EvalReport.to_dict()`) by what was evaluated: `trained`, `heuristic`, `random`."""


class Exported(Protocol):
    """An exported policy: its name, its ONNX file, the JSON schema beside it and the largest difference from torch."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def onnx(self) -> Path: ...  # noqa: D102
    @property
    def schema(self) -> Path: ...  # noqa: D102
    @property
    def parity(self) -> float: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """The run of a trial in MLflow: `run_id` is ours, `id` is MLflow's."""

    store: Store
    run_id: str
    experiment: str
    experiment_id: str
    id: str
    step: int

    @property
    def url(self) -> str:
        """The address of its page."""
        return self.store.run_url(self.experiment_id, self.id)

    def model_uri(self, policy: str) -> str:
        """Where the registered policy is found: `models:/<experiment>.<policy>@candidate`."""
        return f"models:/{names.registered_name(self.experiment, policy)}@{names.CANDIDATE}"


def find_tracked_run(store: Store, sweep: Sweep, trial_id: str) -> TrackedRun | None:
    """The run that was recorded for a trial, or None (logged) where MLflow has none or does not answer."""
    try:
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
    step = names.step_of(run.data.metrics)
    return TrackedRun(store, sweep.run_id, sweep.experiment, run.info.experiment_id, run.info.run_id, step)


def record_outputs(
    run: TrackedRun, folder: Path, exported: Sequence[Exported], reports: Reports, note: str, register: bool = True
) -> bool:
    """Add models, `folder/onnx`, `folder/report`, the evaluation's figures and a note in Markdown to the run.

    With `register`, every policy becomes a version of the registered model `<experiment>.<policy>` with the alias
    `candidate`. Returns whether all went well; a failure is logged.
    """
    try:
        client = make_client(run.store)
        for policy in exported:
            model = _log_policy(client, run, policy)
            figures = _figures(reports, policy.name) | {f"test/{policy.name}/parity": policy.parity}
            _log_metrics(client, run, figures, model.model_id)
            if register:
                _register(client, run, policy, model, figures.get(f"test/{policy.name}/success_rate"))
        for name in ("onnx", "report"):
            if (folder / name).is_dir():
                client.log_artifacts(run.id, str(folder / name), name)
        client.set_tag(run.id, "mlflow.note.content", note[:8000])
    except Exception as error:  # tracking never fails a run that has trained well
        logger.warning("MLflow at %s did not take all outputs of the run: %s", run.store.uri, error)
        return False
    return True


def _log_policy(client: MlflowClient, run: TrackedRun, policy: Exported) -> LoggedModel:
    from mlflow.entities import LoggedModelOutput

    model = client.create_logged_model(
        run.experiment_id,
        name=names.file_name(policy.name),
        source_run_id=run.id,
        params={"policy": policy.name, "parity": f"{policy.parity:.2e}", "file": policy.onnx.name},
        model_type="policy",
    )
    _upload_model(client, run, policy, model)
    client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run.id, [LoggedModelOutput(model.model_id, step=run.step)])
    return model


def _upload_model(client: MlflowClient, run: TrackedRun, policy: Exported, model: LoggedModel) -> None:
    import mlflow.onnx
    import onnx
    from mlflow.models import Model

    graph = onnx.load(str(policy.onnx))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "model"
        mlflow.onnx.save_model(
            graph,
            str(folder),
            mlflow_model=Model(model.artifact_location, run.id, model_uuid=model.model_id, model_id=model.model_id),
            signature=_signature(graph),
            pip_requirements=["numpy", "onnx", "onnxruntime"],
            save_as_external_data=False,
        )
        (folder / policy.schema.name).write_bytes(policy.schema.read_bytes())
        client.log_model_artifacts(model.model_id, str(folder))


def _register(
    client: MlflowClient, run: TrackedRun, policy: Exported, model: LoggedModel, success: float | None
) -> None:
    from mlflow.exceptions import MlflowException

    name = names.registered_name(run.experiment, policy.name)
    try:
        client.create_registered_model(name, description=f"Policy `{policy.name}` of experiment `{run.experiment}`.")
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_ALREADY_EXISTS", "ALREADY_EXISTS"):
            raise
    about = f"run {run.run_id}" + ("" if success is None else f", success {success:.0%}")
    with _process_wide(run.store):
        source = f"models:/{model.model_id}"
        version = client.create_model_version(name, source, run_id=run.id, description=about, model_id=model.model_id)
    client.set_registered_model_alias(name, names.CANDIDATE, version.version)


@contextmanager
def _process_wide(store: Store) -> Iterator[None]:
    """MLflow looks up `models:/<id>` in the store the process uses by default, whatever its client was made for."""
    import mlflow

    before = mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    mlflow.set_tracking_uri(store.uri)
    try:
        yield
    finally:
        mlflow.set_tracking_uri(before)


def _signature(graph: Any) -> ModelSignature:
    from mlflow.models import ModelSignature
    from mlflow.types import Schema

    return ModelSignature(inputs=Schema(_tensors(graph.graph.input)), outputs=Schema(_tensors(graph.graph.output)))


def _tensors(values: Any) -> list[Any]:
    import onnx
    from mlflow.types import TensorSpec

    return [
        TensorSpec(
            onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type),
            tuple(size.dim_value or -1 for size in value.type.tensor_type.shape.dim),
            value.name,
        )
        for value in values
    ]


def _figures(reports: Reports, policy: str) -> dict[str, float]:
    """How a policy did on the seeded episodes: its success, return and length, and the success of who else played."""
    found = {source: report["policies"].get(policy, {}) for source, report in reports.items()}
    own = found.pop(TRAINED, {})
    figures = {f"test/{policy}/{name}": own.get(name) for name in ("success_rate", "return_mean", "length_mean")}
    figures |= {f"test/{policy}/success_rate_{source}": other.get("success_rate") for source, other in found.items()}
    return names.finite_metrics(figures)


def _log_metrics(
    client: MlflowClient, run: TrackedRun, values: Mapping[str, float], model_id: str | None = None
) -> None:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    figures = names.finite_metrics(values).items()
    client.log_batch(run.id, metrics=[Metric(k, v, now, run.step, model_id=model_id) for k, v in figures])
