"""A sweep recorded in a real MLflow database, driven by the events Tune sends."""

from __future__ import annotations

import contextlib
import json
import pickle
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.made_up import make_result, make_sweep
from support.servers import wait_until

from spacetime_rl import metrics
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.tracking import names, recorder
from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.store import Store

REASON = "spacetime_rl.errors.GameDied: the game ended with code 134; its log ends:\nSCRIPT ERROR: null instance"


def make_trial(index: int = 0, status: str = "RUNNING", **drawn: Any) -> Any:
    """What the callback reads of a Tune trial."""
    return SimpleNamespace(
        trial_id=f"ab12c_{index:05d}",
        evaluated_params=drawn,
        config=dict(drawn),
        status=status,
        error_file=None,
        last_result=None,
    )


def play(callback: MlflowCallback, trial: Any, iterations: range) -> None:
    callback.on_trial_start(trial=trial, trials=[trial], iteration=0)
    for iteration in iterations:
        result = make_result(iteration) | {"training_iteration": iteration, "timestamp": 1_795_000_000 + iteration}
        callback.on_trial_result(trial=trial, trials=[trial], iteration=iteration, result=result)


def end(callback: MlflowCallback, *trials: Any) -> None:
    for trial in trials:
        if trial.status == "TERMINATED":
            callback.on_trial_complete(trial=trial, trials=list(trials), iteration=0)
        if trial.status == "ERROR":
            callback.on_trial_error(trial=trial, trials=list(trials), iteration=0)
    callback.on_experiment_end(trials=list(trials))


def runs_of(client: Any, run_id: str) -> dict[str, Any]:
    """All runs recorded for one of our runs: the parent under `sweep`, children under their trial's id."""
    experiment = client.get_experiment_by_name("vr_interaction")
    found = client.search_runs([experiment.experiment_id], f"tags.`{names.RUN_ID}` = '{run_id}'")
    return {run.data.tags.get(names.TRIAL_ID, "sweep"): run for run in found}


def steps(client: Any, run: Any, metric: str = "agent_steps") -> list[int]:
    return [point.step for point in client.get_metric_history(run.info.run_id, metric)]


def files(client: Any, run: Any, folder: str | None = None) -> set[str]:
    return {file.path for file in client.list_artifacts(run.info.run_id, folder)}


def test_a_sweep_is_a_parent_run_and_a_trial_its_child(tmp_path: Path, store: Store, client: Any) -> None:
    callback = MlflowCallback(make_sweep(tmp_path, "one"), store)
    callback.setup(stop=None, num_samples=1, total_num_samples=1)
    trial = make_trial(0, "RUNNING", **{"training/lr": 0.00011495367582735372})
    play(callback, trial, range(1, 4))
    trial.status = "TERMINATED"
    end(callback, trial)

    runs = runs_of(client, "one")
    parent, child = runs["sweep"], runs["ab12c_00000"]
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert (parent.info.run_name, child.info.run_name) == ("one", "00000 lr=0.000115 · one")
    assert (parent.info.status, child.info.status) == ("FINISHED", "FINISHED")
    assert child.data.tags["mlflow.source.git.commit"] == "abc123"
    assert child.data.tags["version.ray"] == "2.60.0"
    assert child.data.tags[names.SCENARIO] == "vr_interaction"
    assert child.data.params["training.lr"] == "0.00011495367582735372"
    assert parent.data.params["training.lr"] == "0.0003"
    assert steps(client, child) == [8192, 16384, 24576]
    assert child.data.metrics["policy/giver/lr"] == pytest.approx(3e-4)
    assert parent.data.metrics["all/success_rate"] == child.data.metrics["all/success_rate"]
    assert files(client, child) == {"config.yaml"}


def test_a_single_run_is_one_run_with_its_curves(tmp_path: Path, store: Store, client: Any) -> None:
    callback = MlflowCallback(replace(make_sweep(tmp_path, "alone"), single=True), store)
    callback.setup()
    trial = make_trial(status="TERMINATED")
    play(callback, trial, range(1, 4))
    end(callback, trial)

    (run,) = runs_of(client, "alone").values()
    assert run.info.run_name == "alone"
    assert run.info.status == "FINISHED"
    assert "mlflow.parentRunId" not in run.data.tags
    assert steps(client, run, "all/success_rate") == [8192 * i for i in range(1, 4)]
    assert "system/restarts" in run.data.metrics
    assert not [name for name in run.data.metrics if name.startswith(("scenario/", "health/"))]


def test_a_single_run_of_an_earlier_version_goes_on_below_its_parent(tmp_path: Path, store: Store, client: Any) -> None:
    first = MlflowCallback(make_sweep(tmp_path, "old"), store)
    first.setup()
    trial = make_trial()
    play(first, trial, range(1, 3))
    first.on_experiment_end(trials=[trial])

    second = MlflowCallback(replace(make_sweep(tmp_path, "old"), single=True), store, resumed=True)
    second.setup()
    play(second, trial, range(3, 5))
    trial.status = "TERMINATED"
    end(second, trial)

    runs = runs_of(client, "old")
    assert {name: run.info.status for name, run in runs.items()} == {trial.trial_id: "FINISHED", "sweep": "FINISHED"}
    assert steps(client, runs[trial.trial_id]) == [8192 * i for i in range(1, 5)]


def test_what_pbt_changes_becomes_tags_and_metrics(tmp_path: Path, store: Store, client: Any) -> None:
    callback = MlflowCallback(make_sweep(tmp_path, "pbt"), store)
    callback.setup()
    trial = make_trial(lr=0.001)
    play(callback, trial, range(1, 3))
    trial.config["lr"] = 0.0012
    play(callback, trial, range(3, 5))
    trial.config["lr"] = 0.001
    play(callback, trial, range(5, 6))
    trial.status = "TERMINATED"
    end(callback, trial)

    child = runs_of(client, "pbt")["ab12c_00000"]
    assert child.data.params["lr"] == "0.001"
    assert child.data.tags["mutated.lr"] == "0.0012"
    history = client.get_metric_history(child.info.run_id, "mutated/lr")
    assert [point.value for point in history] == [0.0012, 0.0012, 0.001]


def test_a_resumed_run_is_found_again_and_steps_played_twice_are_recorded_once(
    tmp_path: Path, store: Store, client: Any
) -> None:
    first = MlflowCallback(make_sweep(tmp_path, "again"), store)
    first.setup()
    trial = make_trial()
    play(first, trial, range(1, 5))
    first.on_experiment_end(trials=[trial])
    assert runs_of(client, "again")["ab12c_00000"].info.status == "KILLED"

    second = MlflowCallback(make_sweep(tmp_path, "again", stop={"agent_steps": 99}), store)
    second.set_state(first.get_state())
    second.setup()
    play(second, trial, range(3, 7))
    trial.status = "TERMINATED"
    end(second, trial)

    runs = runs_of(client, "again")
    assert len(runs) == 2
    assert runs["ab12c_00000"].info.status == "FINISHED"
    assert steps(client, runs["ab12c_00000"]) == [8192 * i for i in range(1, 7)]
    assert runs["sweep"].data.params["stop.agent_steps"] == "1000000"
    assert runs["sweep"].data.tags["changed.stop.agent_steps"] == "99"


def test_a_run_that_was_deleted_in_mlflow_has_all_its_curves_again_once_it_is_resumed(
    tmp_path: Path, store: Store, client: Any
) -> None:
    first = MlflowCallback(make_sweep(tmp_path, "deleted"), store)
    first.setup()
    trial = make_trial()
    play(first, trial, range(1, 4))
    first.on_experiment_end(trials=[trial])
    for run in runs_of(client, "deleted").values():
        client.delete_run(run.info.run_id)
    about = {"trial_id": trial.trial_id, "timestamp": 1_795_000_000}
    lines = [{**about, **metrics.public_metrics(make_result(i))} for i in range(1, 4)]
    RunPaths(tmp_path).results.write_text("".join(json.dumps(line) + "\n" for line in lines))

    second = MlflowCallback(make_sweep(tmp_path, "deleted"), store, resumed=True)
    second.setup()
    play(second, trial, range(3, 6))
    second.on_experiment_end(trials=[trial])

    assert steps(client, runs_of(client, "deleted")[trial.trial_id]) == [8192 * i for i in range(1, 6)]


def test_a_run_the_user_stopped_is_killed_though_tune_calls_its_trial_terminated(
    tmp_path: Path, store: Store, client: Any
) -> None:
    callback = MlflowCallback(make_sweep(tmp_path, "stopped"), store)
    callback.setup()
    trial = make_trial()
    play(callback, trial, range(1, 3))
    trial.status = "TERMINATED"
    callback.on_experiment_end(trials=[trial])
    assert {run.info.status for run in runs_of(client, "stopped").values()} == {"KILLED"}


def test_a_run_that_replaces_another_of_the_same_id_gets_runs_of_its_own(
    tmp_path: Path, store: Store, client: Any
) -> None:
    for _ in range(2):
        callback = MlflowCallback(make_sweep(tmp_path, "forced"), store)
        callback.setup()
        callback.on_experiment_end(trials=[])
    experiment = client.get_experiment_by_name("vr_interaction")
    assert len(client.search_runs([experiment.experiment_id], f"tags.`{names.RUN_ID}` = 'forced'")) == 2


def test_a_failed_trial_keeps_its_error_and_the_logs_of_its_games(tmp_path: Path, store: Store, client: Any) -> None:
    (tmp_path / "logs" / "t").mkdir(parents=True)
    (tmp_path / "logs" / "t" / "1-0.godot.log").write_bytes(b"x" * 1_500_000 + b"SCRIPT ERROR: null instance")
    (tmp_path / "error.txt").write_text("Traceback\n  KeyError: 'x'\n" + REASON + "\n")
    callback = MlflowCallback(make_sweep(tmp_path, "failed"), store)
    callback.setup()
    good, bad = make_trial(0, "TERMINATED"), make_trial(1, "ERROR")
    bad.error_file = str(tmp_path / "error.txt")
    play(callback, good, range(1, 2))
    play(callback, bad, range(1, 2))
    end(callback, good, bad)

    runs = runs_of(client, "failed")
    assert files(client, runs["ab12c_00000"]) == {"config.yaml"}
    assert {key: run.info.status for key, run in runs.items()} == {
        "sweep": "FAILED",
        "ab12c_00000": "FINISHED",
        "ab12c_00001": "FAILED",
    }
    child = runs["ab12c_00001"]
    assert child.data.tags["error"] == REASON.splitlines()[0]
    assert REASON in child.data.tags["mlflow.note.content"]
    assert files(client, child, "logs") == {"logs/error.txt", "logs/1-0.godot.log"}
    log = Path(client.download_artifacts(child.info.run_id, "logs/1-0.godot.log", str(tmp_path))).read_bytes()
    assert len(log) == 1_000_000
    assert log.endswith(b"SCRIPT ERROR: null instance")


def test_a_sweep_that_is_stopped_before_its_first_trial_began_is_killed(
    tmp_path: Path, store: Store, client: Any
) -> None:
    callback = MlflowCallback(make_sweep(tmp_path, "unborn"), store)
    callback.setup()

    callback.on_experiment_end(trials=[make_trial(status="TERMINATED")])

    assert runs_of(client, "unborn")["sweep"].info.status == "KILLED"


def test_training_that_is_broken_off_is_killed(tmp_path: Path, store: Store, client: Any) -> None:
    callback = MlflowCallback(make_sweep(tmp_path, "broken-off"), store)
    callback.setup()

    play(callback, make_trial(), range(1, 3))

    with pytest.raises(KeyboardInterrupt), callback.stopped_at_once():
        raise KeyboardInterrupt

    assert {run.info.status for run in runs_of(client, "broken-off").values()} == {"KILLED"}


def test_a_server_that_is_away_stops_nothing_and_gets_everything_when_it_is_back(
    tmp_path: Path, store: Store, client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = True

    def unreachable(_: Store) -> Any:
        if away:
            raise ConnectionError("connection refused")
        return client

    monkeypatch.setattr(recorder, "make_client", unreachable)
    callback = MlflowCallback(make_sweep(tmp_path, "away"), store)
    callback.setup()
    trial = make_trial()
    play(callback, trial, range(1, 31))
    wait_until(lambda: "does not answer" in caplog.text)
    away = False
    trial.status = "TERMINATED"
    end(callback, trial)

    assert steps(client, runs_of(client, "away")["ab12c_00000"]) == [8192 * i for i in range(1, 31)]
    assert caplog.text.count("does not answer") == 1


@pytest.mark.parametrize("before", [0, 1])
def test_runs_are_made_once_though_the_connection_breaks_at_every_step_of_it(
    tmp_path: Path, store: Store, client: Any, monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    run_id = f"broken-{before}"
    for _ in range(before):  # a run that this one replaces stays as it is
        recorder.Recorder(make_sweep(tmp_path, run_id), store).open_trial("a", "old", {})
        time.sleep(0.002)  # MLflow counts in milliseconds
    for method in ("create_run", "log_batch", "log_artifact"):
        monkeypatch.setattr(client, method, _loses_every_other_answer(getattr(client, method)))
    writer = recorder.Recorder(make_sweep(tmp_path, run_id), store)
    monkeypatch.setattr(writer, "_client_made", client)

    tries = 0
    while writer._trials == {}:
        tries += 1
        with contextlib.suppress(ConnectionError):
            writer.open_trial("a", "new", {})

    assert tries > 4
    experiment = client.get_experiment_by_name("vr_interaction")
    found = client.search_runs([experiment.experiment_id], f"tags.`{names.RUN_ID}` = '{run_id}'")
    assert sorted(run.info.run_name for run in found) == sorted([run_id, "new", *[run_id, "old"] * before])


def _loses_every_other_answer(method: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        answer = method(*arguments, **named)
        if calls % 2:
            raise ConnectionError("the answer is lost")
        return answer

    return call


def test_points_that_waited_are_recorded_in_few_calls_and_none_twice(
    tmp_path: Path, store: Store, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = recorder.Recorder(make_sweep(tmp_path, "together"), store)
    for trial_id in ("a", "b"):
        writer.open_trial(trial_id, trial_id, {})
    waiting = [
        recorder.Point(trial_id, {f"custom/{k}": float(step) for k in range(60)}, step, 1_795_000_000_000 + step)
        for step in (1, 2, 3, 2, 3, *range(4, 31))  # a trial that went back to its checkpoint after 3
        for trial_id in ("a", "b")
    ]
    calls: list[dict[str, Any]] = []
    log_batch = client.log_batch

    def log_and_note(*given: Any, **named: Any) -> Any:
        calls.append(named)
        return log_batch(*given, **named)

    monkeypatch.setattr(writer, "_client_made", client)
    monkeypatch.setattr(client, "log_batch", log_and_note)

    writer.log_points(waiting)
    writer.log_points(waiting[-6:])
    writer.log_points([recorder.Point("a", {f"custom/{k}": 0.0 for k in range(1500)}, 31, 1_795_000_001_000)])

    assert [len(named["metrics"]) for named in calls] == [960, 840, 960, 840, 1000, 500]
    runs = runs_of(client, "together")
    assert steps(client, runs["a"], "custom/59") == list(range(1, 32))
    assert steps(client, runs["b"], "custom/0") == list(range(1, 31))
    assert runs["b"].data.metrics["custom/7"] == 30.0


def test_a_server_that_stays_away_costs_the_end_of_a_run_seconds_and_says_where_the_results_are(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unreachable(_: Store) -> Any:
        raise ConnectionError("connection refused")

    monkeypatch.setattr(recorder, "make_client", unreachable)
    callback = MlflowCallback(make_sweep(tmp_path, "gone"), store)
    callback.setup()
    play(callback, make_trial(), range(1, 3))
    callback.close(grace_s=0.5)
    assert f"did not take 4 records of run gone; the results themselves are in {tmp_path}" in caplog.text


def test_tune_can_pickle_the_callback_at_any_time(tmp_path: Path, store: Store) -> None:
    callback = MlflowCallback(make_sweep(tmp_path), store, rank_by="scenario/score")
    callback.setup()
    copy = pickle.loads(pickle.dumps(callback))
    callback.close()
    assert copy._sweep == callback._sweep
    assert copy._rank_by == "scenario/score"
