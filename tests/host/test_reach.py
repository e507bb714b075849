"""Addresses of clusters and servers: one that does not answer is named before anything is begun."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from support.servers_of_no_use import UNKNOWN_HOST, closed, silent, stranger

from spacetime_rl.errors import ClusterError, TrackingError, UsageError
from spacetime_rl.host import reach
from spacetime_rl.jobs.connection import connect
from spacetime_rl.tracking.recorder import is_passing
from spacetime_rl.tracking.store import check_answers, resolve_store
from spacetime_rl.tuning import cluster_address
from spacetime_rl.tuning.cluster_address import find_cluster

Place = Callable[[], AbstractContextManager[int]]
SHORT_S = 0.5


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_address, "ANSWER_S", 1.5)
    monkeypatch.setattr(reach.get_status, "__defaults__", (SHORT_S,))
    monkeypatch.setattr(reach.check_port, "__defaults__", (SHORT_S,))


def test_what_is_waited_for_is_left_behind_at_the_bound() -> None:
    import threading

    with pytest.raises(TimeoutError):
        reach.within(0.01, threading.Event().wait)


def test_what_is_waited_for_gives_its_result_or_its_error() -> None:
    assert reach.within(10.0, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        reach.within(10.0, lambda: 1 // 0)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (closed, "nothing is reached at 127.0.0.1:"),
        (silent, "does not answer as Ray does"),
        (stranger, "does not answer as Ray does"),
    ],
)
def test_a_cluster_that_does_not_answer_is_named(place: Place, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with place() as port:
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")

        with pytest.raises(ClusterError) as raised:
            find_cluster()

    assert str(raised.value).startswith(f"RAY_ADDRESS=127.0.0.1:{port}: no Ray head answers there: ")
    assert reason in str(raised.value)
    assert "unset RAY_ADDRESS" in str(raised.value)


def test_a_cluster_whose_name_is_unknown_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", f"{UNKNOWN_HOST}:6379")

    with pytest.raises(ClusterError, match=f"the name {UNKNOWN_HOST} (is not known|could not be looked up)"):
        find_cluster()


@pytest.mark.parametrize("address", ["ray://head:10001", "http://head:8265", "head", "head:ray", "head:0", ":6379"])
def test_an_address_that_is_no_heads_is_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_ADDRESS", address)

    with pytest.raises(UsageError, match=f"RAY_ADDRESS={address}: "):
        find_cluster()


@pytest.mark.parametrize("address", [None, "", " ", "local"])
def test_no_address_means_a_ray_of_ones_own(address: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if address is not None:
        monkeypatch.setenv("RAY_ADDRESS", address)

    assert find_cluster() is None


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (closed, "nothing is reached at"),
        (silent, "accepts a connection and then says nothing"),
        (stranger, "is no MLflow server, or one that fails (HTTP status 404)"),
        (lambda: stranger(503), "is no MLflow server, or one that fails (HTTP status 503)"),
    ],
    ids=["closed", "silent", "stranger", "failing"],
)
def test_an_mlflow_server_that_does_not_answer_is_named(place: Place, reason: str, tmp_path: Path) -> None:
    with place() as port:
        uri = f"http://127.0.0.1:{port}"

        with pytest.raises(TrackingError) as raised:
            check_answers(resolve_store(tmp_path, uri))

    assert str(raised.value).startswith(f"tracking uri '{uri}': MLflow does not answer there: ")
    assert reason in str(raised.value)
    assert is_passing(raised.value)  # while training, its records wait


@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_mlflow_server_that_wants_a_password_answers(status: int, tmp_path: Path) -> None:
    with stranger(status) as port:
        check_answers(resolve_store(tmp_path, f"http://127.0.0.1:{port}"))


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with closed() as port, pytest.raises(TrackingError) as raised:
        check_answers(resolve_store(tmp_path, f"postgresql://me:secret@127.0.0.1:{port}/mlflow"))

    assert f"tracking uri 'postgresql://…@127.0.0.1:{port}/mlflow': MLflow does not answer there: " in str(raised.value)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("place", "reason"), [(closed, "nothing is reached at"), (silent, "accepts a connection and then says nothing")]
)
def test_a_job_server_that_does_not_answer_is_named(place: Place, reason: str) -> None:
    with place() as port, pytest.raises(ClusterError) as raised:
        connect(f"http://127.0.0.1:{port}")

    assert f"http://127.0.0.1:{port}: no Ray job server answers there (" in str(raised.value)
    assert reason in str(raised.value)
