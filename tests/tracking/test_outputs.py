"""What is added to a trial's run after training, in a real MLflow database."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.made_up import make_exported, make_report, make_sweep

from spacetime_rl.tracking.identity import RunIdentity
from spacetime_rl.tracking.outputs import find_tracked_run, record_models, record_outputs, record_report
from spacetime_rl.tracking.recorder import Point, Recorder
from spacetime_rl.tracking.store import Store

REPORTS = {name: make_report(name, rate) for name, rate in [("trained", 0.9), ("heuristic", 0.4), ("random", 0.05)]}


@pytest.fixture
def fluent_mlflow(store: Store) -> Iterator[Any]:
    """`mlflow` as a user has it, pointed at the store."""
    import mlflow

    mlflow.set_tracking_uri(store.uri)
    yield mlflow
    mlflow.set_tracking_uri(None)


def record_trial(sweep: RunIdentity, store: Store) -> None:
    recorder = Recorder(sweep, store)
    recorder.open_trial("t_00000", sweep.run_id, {})
    recorder.log_points([Point("t_00000", {"agent_steps": 8192.0}, 8192, 1_795_000_000_000)])
    recorder.close_trial("t_00000", "FINISHED")


def test_policies_become_registered_models_that_run_with_their_schema_and_figures(
    tmp_path: Path, store: Store, client: Any, fluent_mlflow: Any
) -> None:

    sweep = make_sweep(tmp_path, "outputs", name="outputs")
    record_trial(sweep, store)
    run = find_tracked_run(store, sweep, "t_00000")
    assert run is not None
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "summary.md").write_text("# Summary")
    exported = [make_exported(tmp_path / "onnx", policy) for policy in ("giver", "taker")]
    for _ in range(2):  # the second export of a resumed run is a new version
        models = record_models(run, exported)
        assert record_outputs(run, tmp_path, exported, models, REPORTS, note="# Summary")

    found = client.get_run(run.id)
    assert found.info.status == "FINISHED"
    assert found.data.metrics["test/giver/success_rate"] == 0.9
    assert found.data.metrics["test/taker/success_rate_random"] == 0.05
    assert found.data.metrics["test/giver/parity"] == pytest.approx(1.2e-7)
    assert found.data.tags["mlflow.note.content"] == "# Summary"
    assert {file.path for file in client.list_artifacts(run.id)} >= {"config.yaml", "onnx", "report"}

    version = client.get_model_version_by_alias("outputs.giver", "candidate")
    assert (str(version.version), version.run_id) == ("2", run.id)
    assert version.description == "run outputs, success 90%"
    model_id = version.source.removeprefix("models:/")
    logged = client.get_logged_model(model_id)
    assert {metric.key: metric.value for metric in logged.metrics}["test/giver/success_rate"] == 0.9
    assert "outputs.giver" in logged.tags["mlflow.modelVersions"]  # MLflow's pages link by it
    model = fluent_mlflow.onnx.load_model(run.model_uri("giver"))
    assert [value.name for value in model.graph.input] == ["obs", "state_ins"]
    runnable = fluent_mlflow.pyfunc.load_model(run.model_uri("giver"))
    answer = runnable.predict({"obs": np.ones((3, 4), np.float32), "state_ins": np.zeros(1, np.float32)})
    assert answer["output"].shape == (3, 4)
    files = [file.path for file in client.list_logged_model_artifacts(model_id)]
    assert "giver.schema.json" in files


def test_a_policy_is_registered_before_its_evaluation_and_takes_the_alias_only_when_asked(
    tmp_path: Path, store: Store, client: Any
) -> None:
    sweep = make_sweep(tmp_path, "alias", name="alias")
    record_trial(sweep, store)
    run = find_tracked_run(store, sweep, "t_00000")
    assert run is not None
    exported = [make_exported(tmp_path / "onnx", "giver")]

    record_models(run, exported)
    assert str(client.get_model_version_by_alias("alias.giver", "candidate").version) == "1"  # nobody else has it

    second = record_models(run, exported)
    assert second["giver"].version == "2"
    assert str(client.get_model_version_by_alias("alias.giver", "candidate").version) == "1"

    assert record_outputs(run, tmp_path, exported, second, REPORTS, note="", candidate=False)
    assert str(client.get_model_version_by_alias("alias.giver", "candidate").version) == "1"
    assert client.get_model_version("alias.giver", "2").description == "run alias, success 90%"


def test_a_run_that_was_never_recorded_is_said_and_not_raised(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert find_tracked_run(store, make_sweep(tmp_path, "never"), "t_00000") is None
    assert "has no run of trial t_00000 of never" in caplog.text


def test_a_failure_to_record_models_is_said_and_not_raised(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    sweep = make_sweep(tmp_path, "broken")
    record_trial(sweep, store)
    run = find_tracked_run(store, sweep, "t_00000")
    assert run is not None
    exported = make_exported(tmp_path / "onnx", "giver")
    exported.onnx.unlink()
    with caplog.at_level(logging.WARNING):
        assert record_models(run, [exported]) == {}
    assert "did not take all models" in caplog.text


def test_pictures_of_a_later_evaluation_join_the_run_they_belong_to(
    tmp_path: Path, store: Store, client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sweep = make_sweep(tmp_path, "later")
    record_trial(sweep, store)
    run = find_tracked_run(store, sweep, "t_00000")
    assert run is not None
    (tmp_path / "eval-7").mkdir()
    (tmp_path / "eval-7" / "paths.png").write_bytes(b"a picture")

    assert record_report(store, sweep, tmp_path / "eval-7", "report/eval-7")
    with caplog.at_level(logging.WARNING):
        assert not record_report(store, make_sweep(tmp_path, "unknown"), tmp_path / "eval-7", "report/eval-7")

    assert [file.path for file in client.list_artifacts(run.id, "report/eval-7")] == ["report/eval-7/paths.png"]
    assert "has no run of unknown" in caplog.text
