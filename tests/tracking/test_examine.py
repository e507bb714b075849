"""What would keep a run from being recorded is found before it trains."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.tracking import examine as module
from spacetime_rl.tracking.database import made_whole
from spacetime_rl.tracking.examine import examine
from spacetime_rl.tracking.store import make_client, resolve_store


def make_database(results: Path, version: str | None = None, stage: str = "active") -> Path:
    """The tables of MLflow's database that are looked into."""
    results.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(results / "mlflow.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("INSERT INTO alembic_version VALUES (?)", (version or module._versions()[1],))
        database.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT)")
        database.execute("INSERT INTO experiments VALUES (7, ?, ?)", ("anna's", stage))
    database.close()
    return results / "mlflow.db"


def look(results: Path, experiment: str = "anna's") -> str | None:
    return examine(resolve_store(results, environ={}), experiment)


def test_a_store_that_is_not_there_yet_and_one_that_is_well_are_no_news(tmp_path: Path) -> None:
    assert look(tmp_path) is None
    make_database(tmp_path)
    assert look(tmp_path) is None
    assert look(tmp_path, "another") is None


def test_a_deleted_experiment_is_named_with_the_command_that_restores_it(tmp_path: Path) -> None:
    file = make_database(tmp_path / "my results", stage="deleted")

    with pytest.raises(UsageError) as refused:
        look(file.parent)

    message = str(refused.value)
    assert message.startswith('tracking.experiment "anna\'s": was deleted in MLflow')
    assert f"MLFLOW_TRACKING_URI='sqlite:///{file}'" in message
    assert "experiments restore --experiment-id 7" in message


def test_a_database_of_an_older_mlflow_is_named_with_the_command_that_upgrades_it(tmp_path: Path) -> None:
    newest = module._versions()[1]
    make_database(tmp_path, version=next(iter(module._versions()[0] - {newest})))

    with pytest.raises(UsageError, match=r"made by an older MLflow.*db upgrade sqlite:///"):
        look(tmp_path)


def test_a_database_whose_making_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    older = next(iter(module._versions()[0] - {module._versions()[1]}))
    with suppress(KeyboardInterrupt), made_whole(tmp_path / "mlflow.db"):
        make_database(tmp_path, version=older)
        raise KeyboardInterrupt

    assert look(tmp_path) is None
    store = resolve_store(tmp_path, environ={})
    made = make_client(store).create_experiment("kept")
    assert make_client(store).get_experiment(made).name == "kept"
    assert look(tmp_path, "kept") is None
    assert sorted(file.name for file in tmp_path.glob(".mlflow*")) == [".mlflow.db.lock"]


def test_a_database_of_a_newer_mlflow_is_refused(tmp_path: Path) -> None:
    make_database(tmp_path, version="ffffffffffff")

    with pytest.raises(UsageError, match="made by a newer MLflow"):
        look(tmp_path)


def test_the_versions_are_those_of_the_installed_mlflow() -> None:
    from mlflow.store.db.utils import _get_latest_schema_revision

    assert module._versions()[1] == _get_latest_schema_revision()


def test_a_file_that_is_no_database_of_mlflow_s_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("something else entirely, of some length")
    with pytest.raises(UsageError, match="file is not a database; move that file away"):
        look(tmp_path)

    (tmp_path / "mlflow.db").unlink()
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    with pytest.raises(UsageError, match="it holds tables of another program"):
        look(tmp_path)


def test_a_database_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_database(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(UsageError, match="it is read-only"):
        look(tmp_path)


def test_a_locked_database_is_told_and_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOCKED_S", 0.01)
    with sqlite3.connect(make_database(tmp_path)) as other:
        other.execute("BEGIN EXCLUSIVE")

        assert (
            look(tmp_path) == f"{tmp_path}/mlflow.db is locked by another program; what is to be recorded waits for it"
        )
        other.rollback()
    other.close()


def test_a_server_that_does_not_answer_is_told_and_waited_for(tmp_path: Path) -> None:
    found = examine(resolve_store(tmp_path, "http://127.0.0.1:9"), "any")

    assert found is not None
    assert found.startswith("MLflow at http://127.0.0.1:9 does not answer; what is to be recorded waits for it")
