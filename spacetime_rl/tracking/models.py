"""A policy as an MLflow model: its ONNX file and schema, uploaded, linked to its run and registered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from spacetime_rl.formats.markdown import plain
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.runs.layout import file_name
from spacetime_rl.tracking import names
from spacetime_rl.tracking.store import Store

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import LoggedModel
    from mlflow.models import ModelSignature


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
        """The address of the run's page."""
        return self.store.run_url(self.experiment_id, self.id)

    def model_uri(self, policy: str) -> str:
        """The address of the registered policy: `models:/<experiment>.<policy>@candidate`."""
        return f"models:/{names.registered_name(self.experiment, policy)}@{names.CANDIDATE}"


def log_policy(client: MlflowClient, run: TrackedRun, policy: Exported) -> LoggedModel:
    """Upload a policy as a model of the run, and link the two."""
    from mlflow.entities import LoggedModelOutput

    model = client.create_logged_model(
        run.experiment_id,
        name=file_name(policy.name),
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
    with scratch_folder("model") as scratch:
        folder = Path(scratch) / "model"
        mlflow.onnx.save_model(
            graph,
            str(folder),
            mlflow_model=Model(model.artifact_location, run.id, model_uuid=model.model_id, model_id=model.model_id),
            signature=_signature(graph),
            pip_requirements=["numpy", "onnx", "onnxruntime"],
            save_as_external_data=False,
            input_example=_example(graph),
        )
        (folder / policy.schema.name).write_bytes(policy.schema.read_bytes())
        client.log_model_artifacts(model.model_id, str(folder))


@dataclass(frozen=True, slots=True)
class RecordedModel:
    """An uploaded policy: MLflow's id of the model, and its registered version, or None if it was not registered."""

    policy: str
    model_id: str
    version: str | None = None


def register_policy(client: MlflowClient, run: TrackedRun, policy: Exported, model: LoggedModel) -> str:
    """Register an uploaded policy as the newest version of its model. Returns the version.

    The version takes the alias `candidate` only if no version has it yet; later `promote_candidate` moves the alias.
    """
    import mlflow

    name = names.registered_name(run.experiment, policy.name)
    with _process_wide(run.store):
        version = mlflow.register_model(f"models:/{model.model_id}", name)
    client.update_model_version(name, version.version, description=f"run {plain(run.run_id)}")
    client.update_registered_model(name, description=_about(run, policy))
    if names.CANDIDATE not in client.get_registered_model(name).aliases:
        client.set_registered_model_alias(name, names.CANDIDATE, version.version)
    return str(version.version)


def _about(run: TrackedRun, policy: Exported) -> str:
    """The description of a registered model, in Markdown."""
    schema = json.loads(policy.schema.read_text(encoding="utf-8"))
    lines = [
        f"The policy `{policy.name}` of the experiment {plain(run.experiment)}, trained by SpaceTime RL.",
        "",
        f"- `@{names.CANDIDATE}` is the version to try next, `@{names.CHAMPION}` the best of all sweeps.",
        f"- Beside `model.onnx` lies `{policy.schema.name}`: what goes in and comes out, field by field.",
    ]
    fields = [field.get("name") for field in schema.get("observations", []) if isinstance(field, dict)]
    if all(fields) and fields:
        lines.append(f"- It observes {', '.join(f'`{name}`' for name in fields)}.")
    return "\n".join(lines)


def describe_version(client: MlflowClient, run: TrackedRun, model: RecordedModel, success: float | None) -> None:
    """Write the run id and the success rate into the description of a registered version."""
    about = f"run {plain(run.run_id)}" + ("" if success is None else f", success {success:.0%}")
    client.update_model_version(names.registered_name(run.experiment, model.policy), model.version, description=about)


def promote_candidate(client: MlflowClient, run: TrackedRun, model: RecordedModel) -> None:
    """Move the alias `candidate` to a registered policy."""
    name = names.registered_name(run.experiment, model.policy)
    client.set_registered_model_alias(name, names.CANDIDATE, model.version)


@contextmanager
def _process_wide(store: Store) -> Iterator[None]:
    """Make `store` the process's default store for a while.

    MLflow looks up `models:/<id>` in the process's default store, not in the client's.
    """
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


def _example(graph: Any) -> dict[str, Any]:
    """An input example of zeros: one row for each input of the policy."""
    import numpy as np

    return {
        tensor.name: np.zeros([1 if size < 0 else size for size in tensor.shape], tensor.type)
        for tensor in _tensors(graph.graph.input)
    }


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
