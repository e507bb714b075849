"""A run that MLflow knows nothing of is recorded from its folder, and `ui` serves its page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from support.command import PROGRAM
from test_runs import make_run  # type: ignore[import-not-found]  # pytest finds it beside this file

from spacetime_rl.errors import UsageError
from spacetime_rl.runs.read import find_record
from spacetime_rl.tracking.names import RUN_ID
from spacetime_rl.tracking.record_again import forget, record
from spacetime_rl.tracking.store import make_client, resolve_store


@pytest.fixture
def results(tmp_path: Path) -> Path:
    where = tmp_path / "results"
    make_run(where, "slow", "finished", 0.60)
    return where


def recorded(results: Path) -> list[Any]:
    client = make_client(resolve_store(results))
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return [run for run in client.search_runs(experiments) if run.data.tags.get(RUN_ID) == "slow"]


def test_a_run_is_recorded_once_and_forgotten(results: Path) -> None:
    url = record(find_record("slow", results))
    (run,) = recorded(results)
    assert run.info.run_id in url
    assert run.info.status == "FINISHED"
    assert run.data.metrics["all/success_rate"] == 0.25
    training, evaluation = run.inputs.dataset_inputs
    assert [training.tags[0].value, evaluation.tags[0].value] == ["training", "evaluation"]
    assert json.loads(training.dataset.source)["seed"] == 0
    assert json.loads(evaluation.dataset.source)["episodes"] == 100

    assert record(find_record("slow", results)) == url
    assert len(recorded(results)) == 1

    assert forget(find_record("slow", results)) == 1
    assert not recorded(results)


@pytest.mark.slow  # MLflow's server takes half a minute to start
def test_the_page_of_a_run_is_served_until_ctrl_c(results: Path) -> None:
    record(find_record("slow", results))
    (run,) = recorded(results)
    process = subprocess.Popen(
        [*PROGRAM, "ui", "slow", "--results", str(results), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        address = next(line.strip() for line in process.stdout if line.startswith("http://"))
        assert run.info.run_id in address
        with urlopen(address, timeout=60) as page:
            assert b"<title>MLflow" in page.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    with pytest.raises(OSError, match="refused"):
        urlopen(address, timeout=5)


def test_a_run_without_results_is_refused(results: Path) -> None:
    (results / "slow" / "progress.jsonl").write_text("")

    with pytest.raises(UsageError, match="slow: has no results yet"):
        record(find_record("slow", results))


def test_results_whose_last_line_was_cut_short_are_read(results: Path) -> None:
    with (results / "slow" / "progress.jsonl").open("a") as file:
        file.write('{"trial_id": "t", "agent_st')

    record(find_record("slow", results))

    assert recorded(results)[0].data.metrics["agent_steps"] == 12_000


@pytest.mark.parametrize(
    ("summary", "objective", "best"),
    [
        ({}, {"metric": "scenario/return_mean", "mode": "min"}, "cheap"),
        ({}, {"metric": "scenario/success_rate"}, "good"),
        ({"trial": "good"}, {"metric": "scenario/return_mean", "mode": "min"}, "good"),
    ],
    ids=["a cost", "success", "what was published"],
)
def test_the_best_trial_of_a_sweep_is_that_which_was_published_or_the_best_by_its_objective(
    tmp_path: Path, summary: dict[str, str], objective: dict[str, str], best: str
) -> None:
    folder = make_run(tmp_path, "search", "finished")
    (folder / "sweep.yaml").write_text(
        json.dumps(
            {
                "scenario": {"name": "vr_navigation"},
                "sweep": {**objective, "space": {"training.lr": {"choice": [1e-4, 1e-3]}}},
            }
        )
    )
    rows = [("good", 0.9, 5.0), ("cheap", 0.1, 1.0)]
    lines = [
        {"trial_id": trial, "agent_steps": 9, "scenario/success_rate": rate, "scenario/return_mean": mean}
        for trial, rate, mean in rows
    ]
    (folder / "progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "report").mkdir()
    (folder / "report" / "summary.json").write_text(json.dumps(summary))

    record(find_record("search", tmp_path))

    client = make_client(resolve_store(tmp_path))
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    tagged = {run.data.tags.get("best_trial") for run in client.search_runs(experiments)}
    assert best in tagged
