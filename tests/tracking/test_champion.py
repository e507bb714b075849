"""Who is champion, in a real MLflow database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.made_up import make_exported, make_sweep

from spacetime_rl.tracking.champion import (
    CANDIDATE,
    CHAMPION,
    fetch_champion,
    promote,
)
from spacetime_rl.tracking.models import TrackedRun
from spacetime_rl.tracking.outputs import find_tracked_run, record_models
from spacetime_rl.tracking.recorder import Point, Recorder
from spacetime_rl.tracking.store import Store

POLICIES = ("giver", "taker")


def trained(store: Store, folder: Path, run_id: str) -> TrackedRun:
    """A finished run whose policies are candidates."""
    sweep = make_sweep(folder, run_id, name="duel")
    recorder = Recorder(sweep, store)
    recorder.open_trial("t_00000", run_id, {})
    recorder.log_points([Point("t_00000", {"agent_steps": 8192.0}, 8192, 1_795_000_000_000)])
    recorder.close_trial("t_00000", "FINISHED")
    run = find_tracked_run(store, sweep, "t_00000")
    assert run is not None
    exported = [make_exported(folder / run_id, policy) for policy in POLICIES]
    assert set(record_models(run, exported)) == set(POLICIES)
    return run


def test_the_champion_comes_back_as_it_was_exported(tmp_path: Path, store: Store, client: Any) -> None:
    run = trained(store, tmp_path, "first")
    into = tmp_path / "champion"
    into.mkdir()
    assert fetch_champion(store, "duel", POLICIES, into) == "empty"

    assert promote(run, POLICIES)
    trained(store, tmp_path, "second")  # the newer candidate is not champion

    assert fetch_champion(store, "duel", POLICIES, into) == "taken"
    for policy in POLICIES:
        for file in (f"{policy}.onnx", f"{policy}.schema.json"):
            assert (into / file).read_bytes() == (tmp_path / "first" / file).read_bytes()
    version = client.get_model_version_by_alias("duel.giver", CHAMPION)
    assert int(version.version) == 1


def test_another_alias_is_fetched_likewise_but_not_the_run_s_own(tmp_path: Path, store: Store, client: Any) -> None:
    trained(store, tmp_path, "third")
    held = [client.get_model_version_by_alias(f"duel.{policy}", CANDIDATE) for policy in POLICIES]
    own = [version.source.removeprefix("models:/") for version in held]
    into = tmp_path / "candidate"
    into.mkdir()

    assert fetch_champion(store, "duel", POLICIES, into, CANDIDATE, own) == "empty"
    assert fetch_champion(store, "duel", POLICIES, into, CANDIDATE) == "taken"
    assert {file.name for file in into.iterdir()} >= {"giver.onnx", "taker.schema.json"}


def test_an_experiment_that_nobody_knows_has_no_champion(tmp_path: Path, store: Store) -> None:
    assert fetch_champion(store, "nowhere", POLICIES, tmp_path) == "empty"


def test_a_server_that_does_not_answer_dethrones_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    gone = Store("http://127.0.0.1:9")

    assert fetch_champion(gone, "duel", POLICIES, tmp_path) == "unknown"
    assert "does not give the champion" in caplog.text
