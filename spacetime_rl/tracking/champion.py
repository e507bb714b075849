"""The champion of an experiment, in MLflow: the policies that no later sweep has beaten on the same episodes."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from spacetime_rl.runs.layout import onnx_file, schema_file
from spacetime_rl.tracking import names
from spacetime_rl.tracking.models import TrackedRun
from spacetime_rl.tracking.store import Store, make_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

CHAMPION = names.CHAMPION
CANDIDATE = names.CANDIDATE
Held = Literal["taken", "empty", "unknown"]


def fetch_champion(
    store: Store, experiment: str, policies: Sequence[str], into: Path, alias: str = CHAMPION, own: Sequence[str] = ()
) -> Held:
    """Copy the ONNX files and schemas of the champion, or of another alias, into the folder `into`.

    Returns `taken` if they were copied. Returns `empty` if a policy has no version with the alias, or if the model of
    that version is among the ids `own`. Returns `unknown`, and logs it, if MLflow does not answer.
    """
    try:
        client = make_client(store)
        for policy in policies:
            source = _model_of(client, experiment, policy, alias)
            if source is None or source in own:
                return "empty"
            _copy_policy(client, source, into)
    except Exception as error:  # a failure of tracking must not fail a trained sweep
        logger.warning("MLflow at %s does not give the %s: %s", store.uri, alias, error)
        return "unknown"
    return "taken"


def promote(run: TrackedRun, policies: Sequence[str]) -> bool:
    """Give the alias `champion` to the run's newest versions. Returns False, and logs it, if MLflow refused."""
    try:
        client = make_client(run.store)
        newest: dict[str, int] = {}
        for version in client.search_model_versions(f"run_id = '{run.id}'"):
            newest[version.name] = max(int(version.version), newest.get(version.name, 0))
        for policy in policies:
            name = names.registered_name(run.experiment, policy)
            client.set_registered_model_alias(name, CHAMPION, str(newest[name]))
    except Exception as error:  # a failure of tracking must not fail a trained sweep
        logger.warning("MLflow at %s did not take the champion: %s", run.store.uri, error)
        return False
    return True


def _model_of(client: MlflowClient, experiment: str, policy: str, alias: str) -> str | None:
    """The id of the logged model with an alias; None if there is none."""
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(names.registered_name(experiment, policy), alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return str(version.model_id or version.source.rpartition("/")[2])  # registered from `models:/<id>`


def _copy_policy(client: MlflowClient, model_id: str, into: Path) -> None:
    """Copy a model's files, under the names that the export gave them."""
    from mlflow.artifacts import download_artifacts

    model = client.get_logged_model(model_id)
    folder = Path(download_artifacts(artifact_uri=model.artifact_location, tracking_uri=client.tracking_uri))
    policy = model.params["policy"]
    onnx_file(into, policy).write_bytes((folder / "model.onnx").read_bytes())
    schema_file(into, policy).write_bytes(schema_file(folder, policy).read_bytes())
