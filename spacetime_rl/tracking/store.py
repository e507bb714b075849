"""The store that runs are recorded in: a database in the results folder, or an MLflow server."""

from __future__ import annotations

import logging
import os
import shlex
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from spacetime_rl.errors import TrackingError, UsageError
from spacetime_rl.formats.shell import program, short
from spacetime_rl.host.locks import locked
from spacetime_rl.host.reach import Unreachable, check_port, get_status
from spacetime_rl.runs.layout import RESULTS
from spacetime_rl.tracking.addresses import run_page
from spacetime_rl.tracking.database import made_whole, sqlite_file, sqlite_uri
from spacetime_rl.tracking.moved import follow

if TYPE_CHECKING:
    from mlflow import MlflowClient

DATABASE = "mlflow.db"  # in the results folder
_SERVERS = ("http", "https", "databricks")
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}
_DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
# The user's own settings take precedence. Delivery has its own retries: a request that hangs would hide an outage.
_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True, slots=True)
class Store:
    """An MLflow store. `artifacts` is the folder for files of new experiments; with None the server chooses it."""

    uri: str
    artifacts: Path | None = None

    @property
    def is_server(self) -> bool:
        """Whether the store is an MLflow server, not a database."""
        return _scheme(self.uri) in _SERVERS

    def run_url(self, experiment_id: str, run_id: str) -> str:
        """The address of a run's page. For a database, the page exists while `page_command` runs."""
        base = self.uri.rstrip("/") if self.is_server else "http://127.0.0.1:5000"
        return base + run_page(experiment_id, run_id)

    def page_command(self, run_id: str | None = None) -> str | None:
        """The command that serves this store's pages and opens the page of `run_id`; None for a server."""
        if self.is_server or self.artifacts is None:
            return None
        results = self.artifacts.parent
        words = [*([run_id] if run_id else [])]
        if results != RESULTS.absolute():
            words += ["--results", str(short(results))]
        if self.uri != sqlite_uri(results / DATABASE):
            words += ["--tracking-uri", self.uri]
        return " ".join([program("spacetime-rl"), "ui", *map(shlex.quote, words)])


def resolve_store(results: Path, *choices: str | None, environ: Mapping[str, str] = os.environ) -> Store:
    """The store at the first of `choices` that is set, else $MLFLOW_TRACKING_URI, else an SQLite database in `results`.

    Raises UsageError for an address that MLflow cannot record to.
    """
    local = results.absolute()
    wanted = next((uri for uri in (*choices, environ.get("MLFLOW_TRACKING_URI")) if uri), None)
    uri = wanted or sqlite_uri(local / DATABASE)
    scheme = _scheme(uri)
    if scheme not in (*_SERVERS, *_DATABASES):
        raise UsageError(
            f"tracking uri '{uri}': runs cannot be recorded there; give a server (http://host:5000) or a database "
            "(sqlite:///path/to/mlflow.db). MLflow no longer keeps runs in plain folders."
        )
    if wanted and scheme == "sqlite":
        _check_writable(wanted)
    return Store(uri, local / "mlartifacts" if scheme in _DATABASES else None)


def check_answers(store: Store) -> None:
    """Raise TrackingError within seconds if nothing answers at the store's address; MLflow would try for minutes."""
    parts = urlsplit(store.uri)
    scheme = _scheme(store.uri)
    try:
        if scheme in ("http", "https"):
            _check_server(store.uri)
        elif parts.hostname and scheme in _PORTS:
            check_port(parts.hostname, parts.port or _PORTS[scheme])
    except (Unreachable, ValueError) as error:
        shown = _without_password(store.uri)
        raise TrackingError(
            f"tracking uri '{shown}': MLflow does not answer there: {error}; start it, or choose another place by "
            "--tracking-uri, $MLFLOW_TRACKING_URI or tracking.uri; without any, runs are recorded in the results folder"
        ) from error


def _check_server(uri: str) -> None:
    """Raise Unreachable if no MLflow server answers. Its health page is asked first, as it never needs a password."""
    status = get_status(f"{uri.rstrip('/')}/health")
    if status == HTTPStatus.NOT_FOUND:
        status = get_status(f"{uri.rstrip('/')}/api/2.0/mlflow/experiments/search")
    if status == HTTPStatus.NOT_FOUND or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(f"what answers is no MLflow server, or one that fails (HTTP status {status})")


def _without_password(uri: str) -> str:
    before, at, after = uri.rpartition("@")
    return f"{before.partition('://')[0]}://…@{after}" if at else uri


def make_client(store: Store) -> MlflowClient:
    """Make an MLflow client of this store. The first call is slow: it imports mlflow and may create the database.

    Raises TrackingError if nothing answers.
    """
    check_answers(store)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    for noisy in ("mlflow.store", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    if store.artifacts:
        store.artifacts.mkdir(parents=True, exist_ok=True)
    file = sqlite_file(store.uri)
    with _alone(file), made_whole(file) if file else nullcontext():
        if file and store.artifacts and file.parent == store.artifacts.parent:
            follow(file, store.artifacts)
        client = MlflowClient(tracking_uri=store.uri, registry_uri=store.uri)
        if not store.is_server:  # these searches create the tables
            client.search_experiments(max_results=1)
            client.search_registered_models(max_results=1)
    return client


def _alone(file: Path | None) -> AbstractContextManager[object]:
    """A lock for one process at a time: two processes that create the same database file at once break it."""
    if file is None:
        return nullcontext()
    return locked(file.with_name(f".{file.name}.lock"), f"makes or opens the database {file}")


def _check_writable(uri: str) -> None:
    """Raise UsageError if the folder of a new database cannot be written; MLflow would try for minutes."""
    file = sqlite_file(uri)
    if file is None:
        return
    folder = file.parent
    try:
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise UsageError(f"tracking uri '{uri}': cannot write to the folder {folder}: {error.strerror}") from error


def _scheme(uri: str) -> str:
    return "databricks" if uri == "databricks" else urlsplit(uri).scheme.partition("+")[0]
