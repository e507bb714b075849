"""The champion of an experiment: the registered policies that nothing has beaten yet on the same episodes."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spacetime_rl.runs.layout import onnx_file, schema_file
from spacetime_rl.tracking import names
from spacetime_rl.tracking.models import TrackedRun
from spacetime_rl.tracking.outputs import TRAINED, Reports
from spacetime_rl.tracking.store import Store, make_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

CHAMPION = names.CHAMPION
CANDIDATE = names.CANDIDATE
Throne = Literal["taken", "empty", "unknown"]


def fetch_champion(
    store: Store, experiment: str, policies: Sequence[str], into: Path, alias: str = CHAMPION, own: Sequence[str] = ()
) -> Throne:
    """Copy the ONNX files and schemas of the champion, or of another alias, into a folder.

    `empty` where there is none for all of these policies, or only `own` models; `unknown` where MLflow does not answer
    (logged).
    """
    try:
        client = make_client(store)
        for policy in policies:
            source = _model_of(client, experiment, policy, alias)
            if source is None or source in own:
                return "empty"
            _copy_policy(client, source, into)
    except Exception as error:  # tracking never fails a sweep that has trained well
        logger.warning("MLflow at %s does not give the %s: %s", store.uri, alias, error)
        return "unknown"
    return "taken"


def beats_champion(reports: Reports) -> bool:
    """Whether the trained policies did better on the same episodes: by success of whole episodes, then by return."""
    if CHAMPION not in reports:  # it does not fit the game any more
        return TRAINED in reports
    return _standing(reports[TRAINED]) > _standing(reports[CHAMPION])


def candidate_is_better(reports: Reports) -> bool:
    """Whether the version that has the alias `candidate` did better than the trained policies."""
    return CANDIDATE in reports and _standing(reports[CANDIDATE]) > _standing(reports[TRAINED])


def crown(run: TrackedRun, policies: Sequence[str]) -> bool:
    """Let the run's newest versions be the champions. Returns whether that went well."""
    try:
        client = make_client(run.store)
        newest: dict[str, int] = {}
        for version in client.search_model_versions(f"run_id = '{run.id}'"):
            newest[version.name] = max(int(version.version), newest.get(version.name, 0))
        for policy in policies:
            name = names.registered_name(run.experiment, policy)
            client.set_registered_model_alias(name, CHAMPION, str(newest[name]))
    except Exception as error:  # as above
        logger.warning("MLflow at %s did not take the champion: %s", run.store.uri, error)
        return False
    return True


def _standing(report: Mapping[str, Any]) -> tuple[float, float]:
    overall = report["overall"]
    value = overall["return_mean"]
    return (overall.get("episode_success_rate") or 0.0, -math.inf if value is None else value)


def _model_of(client: MlflowClient, experiment: str, policy: str, alias: str) -> str | None:
    """The id of the logged model that has an alias; None where there is none."""
    from mlflow.exceptions import MlflowException

    try:
        version = client.get_model_version_by_alias(names.registered_name(experiment, policy), alias)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise
    return str(version.model_id or version.source.rpartition("/")[2])  # a version made of `models:/<id>`


def _copy_policy(client: MlflowClient, model_id: str, into: Path) -> None:
    """The model's files under the names they had when they were exported."""
    from mlflow.artifacts import download_artifacts

    model = client.get_logged_model(model_id)
    folder = Path(download_artifacts(artifact_uri=model.artifact_location, tracking_uri=client.tracking_uri))
    policy = model.params["policy"]
    onnx_file(into, policy).write_bytes((folder / "model.onnx").read_bytes())
    schema_file(into, policy).write_bytes(schema_file(folder, policy).read_bytes())
