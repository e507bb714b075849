"""The table of a run's metrics, metrics.csv."""

from __future__ import annotations

import csv
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from support.made_up import make_result

from spacetime_rl.tuning.result_log import ResultLog


def report(log: ResultLog, iteration: int, trial: str = "a", more: dict[str, Any] | None = None) -> None:
    about = {"timestamp": 1000.0 + iteration, "training_iteration": iteration}
    log.on_trial_result(
        trial=SimpleNamespace(trial_id=trial), result={**make_result(iteration), **about, **(more or {})}
    )


def make_log(folder: Path) -> ResultLog:
    return ResultLog(folder / "progress.jsonl", folder / "metrics.csv")


def read(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_iteration_is_a_row_with_every_public_metric(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    for iteration in (1, 2, 3):
        report(log, iteration)

    rows = read(tmp_path)

    assert list(rows[0])[:6] == [
        "trial_id", "timestamp", "training_iteration", "agent_steps", "episodes", "time_total_s"
    ]  # fmt: skip
    assert [float(row["agent_steps"]) for row in rows] == [8192, 16384, 24576]
    assert float(rows[1]["policy/giver/policy_loss"]) == make_result(2)["policy/giver/policy_loss"]
    assert set(rows[0]) >= {name for name in make_result(1) if name.startswith(("policy/", "perf/", "health/"))} - {
        "policy/giver/kl_coeff",
        "policy/taker/kl_coeff",  # never finite
    }


def test_a_metric_that_appears_later_gets_a_column_that_is_empty_before(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    report(log, 1)
    report(log, 2, more={"custom/pushes": 4.0})
    report(log, 3)

    assert [row["custom/pushes"] for row in read(tmp_path)] == ["", "4.0", ""]


def test_a_resumed_run_repeats_no_row_and_mends_a_torn_one(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    for iteration in (1, 2, 3):
        report(log, iteration)
    with (tmp_path / "metrics.csv").open("a") as file:
        file.write("a,1004")  # the process was killed while it wrote

    resumed = make_log(tmp_path)  # from the checkpoint after the first iteration
    report(resumed, 2)
    report(resumed, 3)

    assert [float(row["agent_steps"]) for row in read(tmp_path)] == [8192, 16384, 24576]


def test_a_trial_that_takes_over_an_earlier_state_repeats_no_row(tmp_path: Path) -> None:
    log = make_log(tmp_path)
    for iteration, trial in ((1, "a"), (1, "b"), (2, "a"), (3, "a"), (2, "a")):
        report(log, iteration, trial)

    rows = [(row["trial_id"], float(row["agent_steps"])) for row in read(tmp_path)]

    assert sorted(rows) == [("a", 8192), ("a", 16384), ("b", 8192)]
