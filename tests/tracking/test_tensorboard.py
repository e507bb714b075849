"""TensorBoard's files, read back with TensorBoard's own reader."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.made_up import make_result
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

from spacetime_rl.config import RunConfig
from spacetime_rl.tracking.tensorboard import TensorBoardCallback

SETTINGS = RunConfig.model_validate({"scenario": {"name": "tag"}, "training": {"lr": 1e-3}, "seed": 7}).to_dict()


def make_trial(name: str = "a", **drawn: Any) -> Any:
    return SimpleNamespace(trial_id=name, evaluated_params=drawn)


def report(callback: TensorBoardCallback, trial: Any, *iterations: int, **more: float) -> None:
    for iteration in iterations:
        result = {**make_result(iteration), "timestamp": 1000.0 + iteration, "training_iteration": iteration}
        callback.on_trial_result(trial=trial, result={**result, **more})


def read(folder: Path) -> EventAccumulator:
    return EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()


def settings_in(events: EventAccumulator) -> plugin_data_pb2.HParamsPluginData:
    content = events.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    return plugin_data_pb2.HParamsPluginData.FromString(content)


def test_every_metric_is_a_curve_over_agent_steps_with_names_of_stable_baselines3(tmp_path: Path) -> None:
    callback, trial = TensorBoardCallback(tmp_path, SETTINGS, single=True), make_trial()
    report(callback, trial, 1, 2)
    callback.on_trial_complete(trial=trial)

    events = read(tmp_path)

    losses = events.Scalars("policy/giver/policy_loss")
    assert [(point.step, point.wall_time) for point in losses] == [(8192, 1001.0), (16384, 1002.0)]
    assert losses[1].value == pytest.approx(make_result(2)["policy/giver/policy_loss"])
    assert [point.value for point in events.Scalars("time/iterations")] == [1.0, 2.0]
    assert events.Scalars("time/fps")[0].value == pytest.approx(make_result(1)["perf/agent_steps_per_s"])


def test_settings_are_hyperparameters_and_places_and_addresses_are_not(tmp_path: Path) -> None:
    callback = TensorBoardCallback(tmp_path, {**SETTINGS, "tracking": {"uri": "http://u:pw@host"}}, single=False)
    trial = make_trial("t_00001", **{"training/lr": 0.5})
    report(callback, trial, 1)
    callback.on_trial_error(trial=trial)

    events = read(tmp_path / "t_00001")

    found = settings_in(events).session_start_info.hparams
    assert (found["seed"].number_value, found["scenario.name"].string_value) == (7.0, "tag")
    assert found["training.lr"].number_value == 0.5
    assert not [name for name in found if name.startswith(("tracking", "results"))]
    ended = events.summary_metadata["_hparams_/session_end_info"].plugin_data.content
    assert plugin_data_pb2.HParamsPluginData.FromString(ended).session_end_info.status == 2  # failed


def test_a_resumed_run_hides_the_points_that_it_repeats(tmp_path: Path) -> None:
    first = TensorBoardCallback(tmp_path, SETTINGS, single=True)
    report(first, make_trial(), 1, 2, 3)
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / "events.out.tfevents.0000000001.earlier")  # two files of one second would have one name

    second = TensorBoardCallback(tmp_path, SETTINGS, single=True)
    report(second, make_trial(), 2, **{"policy/giver/lr": 0.25})

    points = [(point.step, point.value) for point in read(tmp_path).Scalars("policy/giver/lr")]
    assert points == [(8192, pytest.approx(3e-4)), (16384, 0.25)]


def test_a_folder_that_cannot_be_written_does_not_end_the_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    callback = TensorBoardCallback(tmp_path / "taken", SETTINGS, single=True)

    report(callback, make_trial(), 1, 2)

    assert [record.getMessage().count("are not written any more") for record in caplog.records] == [1]
