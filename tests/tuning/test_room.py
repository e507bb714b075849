"""A run for which the cluster has no room says what it waits for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from spacetime_rl.tuning import room
from spacetime_rl.tuning.room import WaitingForRoom, describe, lacks


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    import ray

    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 2.0})
    monkeypatch.setattr(ray, "available_resources", lambda: {"CPU": 0.5})
    monkeypatch.setattr(room, "_SAY_AFTER_S", 0.0)


def trial(status: str) -> Any:
    factory = SimpleNamespace(required_resources={"CPU": 9.0}, bundles=[{"CPU": 1.0}, {"CPU": 8.0}])
    return SimpleNamespace(status=status, placement_group_factory=factory)


def test_a_trial_that_waits_for_cores_that_never_come_says_so_once_in_a_while(
    cluster: None, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = WaitingForRoom()

    for _ in range(3):
        waiting.on_step_end([trial("PENDING")])

    assert [record.getMessage() for record in caplog.records] == [
        "waiting for 9 CPUs: the cluster has 2 CPUs, 0.5 of them free; add nodes, or take fewer runners "
        "(rollout.runners) or less for each (resources.cpus_per_runner)"
    ]


@pytest.mark.parametrize("others", ["RUNNING", "TERMINATED"])
def test_a_trial_that_waits_for_others_or_has_ended_says_nothing(
    cluster: None, caplog: pytest.LogCaptureFixture, others: str
) -> None:
    waiting = [trial("PENDING")] if others == "RUNNING" else []

    WaitingForRoom().on_step_end([trial(others), *waiting])

    assert not caplog.text


def test_cores_that_others_use_are_said_to_be_used() -> None:
    said = describe({"CPU": 2.0, "GPU": 1.0}, {"CPU": 4.0, "GPU": 1.0}, {"CPU": 1.0})

    assert said == (
        "waiting for 2 CPUs and 1 GPUs: the cluster has 4 CPUs, 1 of them free and 1 GPUs, 0 of them free; "
        "`ray status` shows who uses the others"
    )


def test_a_trial_whose_processes_are_just_starting_is_given_time(
    cluster: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 16.0})

    WaitingForRoom().on_step_end([trial("PENDING")])

    assert not caplog.text
    assert not lacks({"CPU": 16.0}, {"CPU": 16.0})


@pytest.mark.parametrize(
    ("state", "bundles", "message"),
    [
        ("CREATED", [{"CPU": 1.0}, {"CPU": 8.0}], "the trial's processes have been starting for 0 s"),
        ("PENDING", [{"CPU": 1.0}, {"CPU": 8.0}], "waiting for 9 CPUs: the cluster has 16 CPUs, 0.5 of them free"),
        ("CREATED", [{"CPU": 4.0}], "waiting for 9 CPUs: the cluster has 16 CPUs, 0.5 of them free"),
    ],
    ids=["reserved", "not yet", "another run's"],
)
def test_a_trial_that_has_its_cores_is_told_from_one_that_waits_for_them(
    state: str,
    bundles: list[dict[str, float]],
    message: str,
    cluster: None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ray

    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 16.0})
    monkeypatch.setattr(room, "_PATIENCE_S", 0.0)
    table = {"some id": {"state": state, "bundles": dict(enumerate(bundles))}}
    monkeypatch.setattr(ray.util, "placement_group_table", lambda: table)

    WaitingForRoom().on_step_end([trial("PENDING")])

    assert message in caplog.text
