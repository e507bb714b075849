"""Check before training that a run can be recorded. It is fast: a database file is read without MLflow."""

from __future__ import annotations

import os
import re
import shlex
import socket
import sqlite3
from contextlib import closing
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlsplit

from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import program
from spacetime_rl.tracking.database import is_unfinished, sqlite_file
from spacetime_rl.tracking.store import Store, make_client

_LOCKED_S = 5.0  # to wait for a locked database
_REACHED_S = 5.0  # to wait for a connection to a server
_REVISION = re.compile(r"^(revision|down_revision)\b.*?= *['\"](\w+)", re.MULTILINE)


def examine(store: Store, experiment: str) -> str | None:
    """Check the store and the experiment of a run. Returns a warning for the user, or None.

    Raises UsageError if nothing could be recorded: the file is not a database of the installed MLflow, or cannot be
    written, or the experiment was deleted. A store that does not answer is only a warning: records wait for it.
    """
    file = sqlite_file(store.uri)
    if file is None:
        return _examine_server(store, experiment)
    if not file.exists() or file.stat().st_size == 0 or is_unfinished(file):
        return None  # it will be made
    return _examine_file(store, file, experiment)


def _examine_file(store: Store, file: Path, experiment: str) -> str | None:
    try:
        if not os.access(file, os.W_OK):
            raise sqlite3.OperationalError("it is read-only")
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, timeout=_LOCKED_S)) as database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "alembic_version" not in tables or "experiments" not in tables:
                if tables:
                    raise sqlite3.DatabaseError("it holds tables of another program")
                return None
            _check_version(store, file, database)
            found = database.execute(
                "SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = ?", (experiment,)
            ).fetchone()
            if found is not None and found[1] != "active":
                raise _deleted(store, experiment, str(found[0]))
            database.execute("BEGIN IMMEDIATE")  # takes the write lock, which fails if nothing can be written
            database.rollback()
    except sqlite3.Error as error:
        if "locked" in str(error):
            return f"{file} is locked by another program; what is to be recorded waits for it"
        raise UsageError(
            f"tracking uri '{store.uri}': nothing can be recorded in {file}: {error}; move that file away, or choose "
            "another database or a server with --tracking-uri"
        ) from error
    return None


def _check_version(store: Store, file: Path, database: sqlite3.Connection) -> None:
    (version,) = database.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
    known, newest = _versions()
    if version == newest or not known:
        return
    if version in known:
        upgrade = f"{program('mlflow')} db upgrade {shlex.quote(store.uri)}"
        what = f"was made by an older MLflow. Copy it to a safe place, then bring it up to date: {upgrade}"
    else:
        what = "was made by a newer MLflow than is installed here. Install that, or choose another with --tracking-uri"
    raise UsageError(f"tracking uri '{store.uri}': {file} {what}")


@cache
def _versions() -> tuple[frozenset[str], str]:
    """The schema versions of databases that the installed MLflow knows, and the newest, which it works with.

    Both are empty if they cannot be found.
    """
    mlflow = find_spec("mlflow")
    if mlflow is None or mlflow.origin is None:
        return frozenset(), ""
    folder = Path(mlflow.origin).parent / "store" / "db_migrations" / "versions"
    found = [dict(_REVISION.findall(file.read_text(encoding="utf-8"))) for file in folder.glob("*.py")]
    known = frozenset(names["revision"] for names in found if "revision" in names)
    newest = known - {names.get("down_revision", "") for names in found}
    return (known, next(iter(newest))) if len(newest) == 1 else (frozenset(), "")


def _examine_server(store: Store, experiment: str) -> str | None:
    try:
        _reach(store)
        found = make_client(store).get_experiment_by_name(experiment)
    except Exception as error:  # training does not wait for a server
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        return f"MLflow at {store.uri} does not answer; what is to be recorded waits for it ({said})"
    if found is not None and found.lifecycle_stage != "active":
        raise _deleted(store, experiment, str(found.experiment_id))
    return None


def _reach(store: Store) -> None:
    """Raise OSError if no connection is possible within `_REACHED_S` seconds; MLflow itself would wait much longer."""
    address = urlsplit(store.uri)
    if store.is_server and address.hostname:
        port = address.port or (443 if address.scheme == "https" else 80)
        socket.create_connection((address.hostname, port), timeout=_REACHED_S).close()


def _deleted(store: Store, experiment: str, experiment_id: str) -> UsageError:
    restore = f"{program('mlflow')} experiments restore --experiment-id {experiment_id}"
    return UsageError(
        f"tracking.experiment {experiment!r}: was deleted in MLflow, so nothing would be recorded. Restore it:\n"
        f"  MLFLOW_TRACKING_URI={shlex.quote(store.uri)} {restore}\n"
        "or record to another: --set tracking.experiment=NAME"
    )
