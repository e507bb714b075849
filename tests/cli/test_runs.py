"""`spacetime-rl runs`: what a results folder tells, whatever the runs are called and whatever is missing."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.command import Done, run_command

from spacetime_rl.config import load
from spacetime_rl.runs.folder import RunFolder

NASTY = 'anna\'s "[red]" $x$ #1? 100% <b> a|b :tada:'


def make_run(results: Path, name: str, status: Any, success: float | None = None, **settings: object) -> Path:
    """A run's folder, with an evaluation of 100 episodes where `success` is given."""
    changes = [f"results={json.dumps(str(results))}", *(f"{k.replace('__', '.')}={v}" for k, v in settings.items())]
    folder = RunFolder.create(load("vr_navigation", changes), name)
    folder.keep()
    folder.set_status(status)
    folder.release()
    result = {"trial_id": "t", "agent_steps": 12_000, "scenario/success_rate": 0.25, "scenario/return_mean": 3.0}
    (folder.path / "progress.jsonl").write_text(json.dumps(result) + "\n")
    if success is not None:
        half = 0.05
        report = {
            "success_rate": success,
            "success_ci": [success - half, success + half],
            "return_mean": 10 * success,
            "return_ci": [10 * success - 1, 10 * success + 1],
            "length_mean": 50.0,
            "length_ci": [49.0, 51.0],
        }
        evaluation = {"seed": 1, "episodes": 100, "scenario": "x", "policies": {"walker": report}, "overall": report}
        summary = {
            "folder": str(folder.path),
            "agent_steps": 20_000,
            "evaluation": {"trained": evaluation},
            "policies": {"walker": {"onnx": str(folder.paths.onnx / "walker.onnx"), "schema": "", "parity": 0.0}},
            "mlflow": {"url": "http://127.0.0.1:5000/#/experiments/1/runs/abc"},
        }
        folder.paths.report.mkdir()
        folder.paths.summary.write_text(json.dumps(summary))
    return folder.path


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Four runs: finished, interrupted, died, and one with a name of every kind."""
    where = tmp_path / "results"
    make_run(where, "slow", "finished", 0.60, training__lr=1e-4)
    make_run(where, "fast", "finished", 0.90, training__lr=1e-3)
    make_run(where, "gone", "training")
    make_run(where, NASTY, "interrupted")
    (where / "mlartifacts").mkdir()
    (where / "mlflow.db").touch()
    return where


@pytest.fixture
def runs(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> Done:
        return run_command("runs", *arguments, monkeypatch=monkeypatch, capsys=capsys)

    return run


def test_the_list_shows_every_run_and_a_dead_one_as_died(runs: Any) -> None:
    lines = {line.split("  ")[0]: line for line in runs("list").out.splitlines()}

    assert lines.keys() == {"run", "slow", "fast", "gone", NASTY}
    assert "60% (55\N{EN DASH}65)" in lines["slow"]
    assert "died" in lines["gone"]
    assert "~25%" in lines["gone"]
    assert "12 k" in lines[NASTY]


def test_the_list_is_json_on_request(runs: Any) -> None:
    found = {run["run_id"]: run for run in json.loads(runs("list", "--json").out)}

    assert found["gone"]["status"] == "died"
    assert "ended without a word" in found["gone"]["message"]
    assert found["fast"]["success_ci"] == pytest.approx([0.85, 0.95])
    assert found[NASTY]["resumable"] is True


def test_an_empty_folder_has_no_runs_and_says_how_to_begin_one(runs: Any, tmp_path: Path) -> None:
    done = runs("list", "--results", str(tmp_path / "none"))

    assert done.code == 0
    assert "No runs in" in done.out


def test_a_run_is_shown_with_commands_that_can_be_pasted(runs: Any, results: Path) -> None:
    shown = runs("show", NASTY).out

    resume = next(line.strip() for line in shown.splitlines() if "--resume" in line)
    assert shlex.split(resume)[1:] == ["train", "--resume", NASTY]
    assert NASTY in shown.splitlines()[0]
    assert str(results / NASTY / "config.yaml") in shown


def test_a_run_is_found_by_the_beginning_of_its_id_and_by_latest(runs: Any) -> None:
    assert json.loads(runs("show", "slo", "--json").out)["run_id"] == "slow"
    assert json.loads(runs("show", "latest", "--json").out)["run_id"] == NASTY
    unknown = runs("show", "nothing")
    assert unknown.code == 2
    assert "the runs in results are" in unknown.err


def test_a_beginning_that_several_ids_have_is_refused_with_their_names(runs: Any, results: Path) -> None:
    make_run(results, "slower", "finished")

    assert "several runs begin with that: slow, slower" in runs("show", "sl").err
    assert json.loads(runs("show", "slow", "--json").out)["run_id"] == "slow"


def test_two_runs_are_compared_by_settings_and_by_results_with_intervals(runs: Any) -> None:
    found = json.loads(runs("compare", "slow", "fast", "--json").out)

    assert found["settings"] == {"training.lr": [0.0001, 0.001]}
    success = next(figure for figure in found["figures"] if (figure["policy"], figure["name"]) == ("walker", "success"))
    assert success["difference"] == pytest.approx(0.3)
    assert success["difference_ci"] == pytest.approx([0.3 - 0.05 * 2**0.5, 0.3 + 0.05 * 2**0.5])
    assert success["differs"] is True
    assert found["same_episodes"] is True
    shown = runs("compare", "slow", "fast").out
    assert "training.lr" in shown
    assert "+30 (+22.9 to +37.1)" in shown
    assert "may be chance" in shown  # the length


def test_runs_that_were_not_evaluated_are_compared_by_their_settings(runs: Any) -> None:
    shown = runs("compare", "slow", "gone").out

    assert "training.lr" in shown
    assert "walker" in shown


def test_the_paths_of_a_moved_run_are_where_it_is_now(runs: Any, results: Path, tmp_path: Path) -> None:
    shutil.move(results, tmp_path / "elsewhere")

    found = json.loads(runs("show", "fast", "--results", "elsewhere", "--json").out)

    assert found["summary"]["policies"]["walker"]["onnx"] == str(
        tmp_path / "elsewhere" / "fast" / "onnx" / "walker.onnx"
    )
    assert str(results) not in json.dumps(found["places"])
    assert "--results elsewhere" in found["commands"]["open its page in MLflow"]


def test_a_run_is_removed_once_the_user_agrees(runs: Any, results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.confirm", lambda _: False)
    assert runs("remove", "slow").code == 0
    assert (results / "slow").is_dir()

    assert runs("remove", "slow", "--yes").out == "slow: removed\n"

    assert not (results / "slow").exists()
    assert {path.name for path in results.iterdir()} == {"fast", "gone", NASTY, "mlartifacts", "mlflow.db"}


def test_nothing_is_removed_of_a_run_that_is_going_on_or_that_is_none(runs: Any, results: Path) -> None:
    folder = RunFolder.reopen("gone", results)
    refused = runs("remove", "slow", "gone", "--yes")
    folder.release()

    assert refused.code == 2
    assert "gone: is still going on" in refused.err
    assert (results / "slow").is_dir()
    assert "is not the folder of a run" in runs("remove", "mlartifacts", "--yes").err
