"""A real MLflow server on this machine: the same records, and an outage in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.made_up import make_exported, make_report, make_sweep
from support.servers import Server, wait_until
from tracking.test_callback import end, make_trial, play, runs_of, steps

from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.outputs import find_tracked_run, record_models, record_outputs
from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


def test_a_run_survives_an_outage_of_its_server_without_losing_a_record(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    store = resolve_store(tmp_path, server.uri, environ={})
    callback = MlflowCallback(make_sweep(tmp_path, "outage"), store)
    callback.setup()
    trial = make_trial()
    play(callback, trial, range(1, 4))
    client = make_client(store)
    wait_until(lambda: bool(client.get_experiment_by_name("vr_interaction")), timeout_s=30)
    wait_until(lambda: len(steps_so_far(client)) == 3, timeout_s=30)

    server.stop()
    play(callback, trial, range(4, 9))
    wait_until(lambda: "does not answer" in caplog.text, timeout_s=60)
    server.start()
    trial.status = "TERMINATED"
    end(callback, trial)

    runs = runs_of(client, "outage")
    assert steps(client, runs["ab12c_00000"]) == [8192 * i for i in range(1, 9)]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert caplog.text.count("does not answer") == 1


def steps_so_far(client: Any) -> list[int]:
    child = runs_of(client, "outage").get("ab12c_00000")
    return steps(client, child) if child else []


def test_a_server_takes_models_and_files(tmp_path: Path, server: Server) -> None:
    store = resolve_store(tmp_path, server.uri, environ={})
    sweep = make_sweep(tmp_path, "served")
    callback = MlflowCallback(sweep, store)
    callback.setup()
    trial = make_trial()
    play(callback, trial, range(1, 3))
    trial.status = "TERMINATED"
    end(callback, trial)
    run = find_tracked_run(store, sweep, trial.trial_id)
    assert run is not None
    exported = [make_exported(tmp_path / "onnx", "giver")]
    models = record_models(run, exported)
    assert record_outputs(run, tmp_path, exported, models, {"trained": make_report("trained", 0.9)}, note="# Summary")

    client = make_client(store)
    assert {file.path for file in client.list_artifacts(run.id)} >= {"config.yaml", "onnx"}
    assert client.get_model_version_by_alias("vr_interaction.giver", "candidate").run_id == run.id
    assert run.url.startswith(f"{server.uri}/#/experiments/{run.experiment_id}/runs/{run.id}")
