"""A results folder that is moved or copied takes its record along."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from spacetime_rl.tracking import names
from spacetime_rl.tracking.recorder import find_or_create_experiment
from spacetime_rl.tracking.store import Store, make_client, resolve_store


@pytest.fixture
def recorded(client: Any, store: Store, tmp_path: Path) -> str:
    """A run with a file and the tag of its folder."""
    experiment = find_or_create_experiment(client, store, "moved: #1")
    assert store.artifacts is not None
    run = client.create_run(experiment, tags={names.FOLDER: str(store.artifacts.parent / "one")})
    (tmp_path / "note.txt").write_text("mine")
    client.log_artifact(run.info.run_id, str(tmp_path / "note.txt"))
    return str(run.info.run_id)


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def test_the_files_of_a_copied_results_folder_are_its_own(
    client: Any, store: Store, recorded: str, tmp_path: Path
) -> None:
    assert store.artifacts is not None
    copied = tmp_path / "a copy #2"
    shutil.copytree(store.artifacts.parent, copied)

    other = make_client(resolve_store(copied, environ={}))

    run = other.get_run(recorded)
    assert run.info.artifact_uri.startswith((copied / "mlartifacts").as_uri())
    assert run.data.tags[names.FOLDER] == str(copied / "one")
    assert (path_of(run.info.artifact_uri) / "note.txt").read_text() == "mine"
    assert other.create_run(run.info.experiment_id).info.artifact_uri.startswith((copied / "mlartifacts").as_uri())
    assert client.get_run(recorded).info.artifact_uri.startswith(store.artifacts.as_uri())


def test_files_that_did_not_come_along_are_left_where_they_are(store: Store, recorded: str, tmp_path: Path) -> None:
    assert store.artifacts is not None
    database = tmp_path / "alone" / "mlflow.db"
    database.parent.mkdir()
    shutil.copy(store.artifacts.parent / "mlflow.db", database)

    run = make_client(resolve_store(database.parent, environ={})).get_run(recorded)

    assert run.info.artifact_uri.startswith(store.artifacts.as_uri())
