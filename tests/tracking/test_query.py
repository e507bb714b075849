"""Runs are found again whatever they are called, and databases opened wherever they lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from spacetime_rl.tracking import names
from spacetime_rl.tracking.database import sqlite_file, sqlite_uri
from spacetime_rl.tracking.query import find_run, find_runs

NASTY = ["anna's run", "a\"b'c", "back\\slash\\", "100% [red] Käfer 🎉", "x; drop -- y", "a_b", "plain"]
FOLDERS = ["plain", "a b", "what?", "100%", "50%20", "a#b", "Käfer [1]", "it's"]


@pytest.fixture(scope="module")
def experiment(client: Any) -> str:
    return str(client.create_experiment('anna\'s "experiments": 100% [red]/x@y'))


@pytest.mark.parametrize("name", NASTY)
def test_a_run_is_found_by_a_tag_with_any_text(client: Any, experiment: str, name: str) -> None:
    made = client.create_run(experiment, tags={names.RUN_ID: name})

    found = find_run(client, experiment, {names.RUN_ID: name})

    assert found is not None
    assert found.info.run_id == made.info.run_id


def test_a_wildcard_in_a_name_finds_no_other_run(client: Any, experiment: str) -> None:
    for name in ("one%", "one-hundred", "ONE%"):
        client.create_run(experiment, tags={names.RUN_ID: name})

    assert [run.data.tags[names.RUN_ID] for run in find_runs(client, experiment, {names.RUN_ID: "one%"})] == ["one%"]


def test_a_registered_model_has_a_name_that_mlflow_finds(client: Any) -> None:
    name = names.registered_name('anna\'s "experiments": 100% [red]/x@y', "pilot")

    client.create_registered_model(name)

    assert [model.name for model in client.search_registered_models(f"name = '{name}'")] == [name]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_address_of_a_database_means_its_file_wherever_it_lies(tmp_path: Path, folder: str) -> None:
    file = tmp_path / folder / "mlflow.db"

    uri = sqlite_uri(file)

    assert make_url(uri).database == str(file)
    assert sqlite_file(uri) == file


@pytest.mark.parametrize("uri", ["sqlite:///:memory:", "sqlite://", "postgresql://user@host/db", "http://host:5000"])
def test_an_address_without_a_file_has_none(uri: str) -> None:
    assert sqlite_file(uri) is None
