"""What cluster/mlflow/compose.yaml starts, with a real PostgreSQL: the same records, and a database that is killed."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.made_up import make_exported, make_report, make_sweep
from support.servers import PASSWORD, Postgres, Server, wait_until
from tracking.test_callback import end, files, make_trial, play, runs_of, steps

from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.champion import fetch_champion, promote
from spacetime_rl.tracking.outputs import find_tracked_run, record_models, record_outputs
from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

COMPOSE = Path(__file__).parents[2] / "cluster" / "mlflow" / "compose.yaml"


def options(database: Postgres, folder: Path) -> list[str]:
    """The words after `mlflow server` in compose.yaml, with what compose and its network put in for the names there."""
    put_in = {
        "${MLFLOW_DB_PASSWORD}": PASSWORD,
        "${MLFLOW_HOST:-localhost}:5000": "mlflow.here:*",
        "@database/": f"@127.0.0.1:{database.port}/",
        "=/artifacts": f"={folder}/artifacts",
    }
    command: list[str] = yaml.safe_load(COMPOSE.read_text())["services"]["server"]["command"]
    program, verb, host, port, *words = command
    assert [program, verb, host, port] == ["mlflow", "server", "--host=0.0.0.0", "--port=5000"]
    for name, value in put_in.items():
        assert sum(name in word for word in words) == 1, name
        words = [word.replace(name, value) for word in words]
    return words


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    database = Postgres()
    try:
        database.start()
        yield database
    finally:
        database.close()


@pytest.fixture(scope="module")
def server(database: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    server = Server(folder, options(database, folder))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def test_a_run_and_its_champion_are_recorded(tmp_path: Path, server: Server) -> None:
    store = resolve_store(tmp_path, server.uri, environ={})
    sweep = make_sweep(tmp_path, "recorded")
    callback = MlflowCallback(sweep, store)
    callback.setup()
    trial = make_trial(0, "RUNNING", **{"training/lr": 0.001})
    play(callback, trial, range(1, 4))
    trial.status = "TERMINATED"
    end(callback, trial)
    run = find_tracked_run(store, sweep, trial.trial_id)
    assert run is not None
    exported = [make_exported(tmp_path / "onnx", "giver")]

    models = record_models(run, exported)
    assert record_outputs(run, tmp_path, exported, models, {"trained": make_report("trained", 0.9)}, note="# Summary")
    assert promote(run, ["giver"])

    client = make_client(store)
    recorded = runs_of(client, "recorded")
    child = recorded[trial.trial_id]
    assert steps(client, child) == [8192, 16384, 24576]
    assert child.data.params["training.lr"] == "0.001"
    assert child.data.tags["mlflow.parentRunId"] == recorded["sweep"].info.run_id
    assert files(client, child) >= {"config.yaml", "onnx"}
    assert client.get_model_version_by_alias("vr_interaction.giver", "champion").run_id == run.id
    (tmp_path / "champion").mkdir()
    assert fetch_champion(store, "vr_interaction", ["giver"], tmp_path / "champion") == "taken"
    assert (tmp_path / "champion" / "giver.onnx").read_bytes() == exported[0].onnx.read_bytes()


def test_a_database_that_is_killed_under_the_server_costs_no_record_and_doubles_none(
    tmp_path: Path, server: Server, database: Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    store = resolve_store(tmp_path, server.uri, environ={})
    callback = MlflowCallback(make_sweep(tmp_path, "outage"), store)
    callback.setup()
    trial = make_trial()
    play(callback, trial, range(1, 4))
    client = make_client(store)
    wait_until(lambda: "ab12c_00000" in runs_of(client, "outage"), timeout_s=60)

    play(callback, trial, range(4, 20))  # it is killed while these are on their way
    database.kill()
    play(callback, trial, range(20, 40))
    wait_until(lambda: "does not answer" in caplog.text, timeout_s=120)
    database.start()
    trial.status = "TERMINATED"
    end(callback, trial)

    runs = runs_of(client, "outage")
    assert sorted(runs) == ["ab12c_00000", "sweep"]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    for metric in ("agent_steps", "policy/giver/return_mean"):
        assert steps(client, runs["ab12c_00000"], metric) == [8192 * i for i in range(1, 40)]
    assert "refused a record" not in caplog.text


@pytest.mark.parametrize(
    ("host", "status"),
    [("10.1.2.3:5000", 200), ("server:5000", 200), ("mlflow.here:5000", 200), ("elsewhere.example:5000", 403)],
)
def test_the_server_answers_under_the_names_it_is_given_alone(server: Server, host: str, status: int) -> None:
    listing = f"{server.uri}/api/2.0/mlflow/experiments/search?max_results=1"

    assert _status(urllib.request.Request(listing, headers={"Host": host})) == status


def _status(request: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
