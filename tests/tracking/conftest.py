"""One real SQLite store for all tests of tracking: making the database takes seconds."""

from __future__ import annotations

from typing import Any

import pytest

from spacetime_rl.tracking.store import Store, make_client, resolve_store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return resolve_store(tmp_path_factory.mktemp("results"), environ={})


@pytest.fixture(scope="session")
def client(store: Store) -> Any:
    return make_client(store)
