"""The charts that `plot` draws."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib.image
import pytest
from support.made_up import make_result
from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.pictures.charts import charts, evaluation_charts
from spacetime_rl.runs.best import Judged


def make_run(results: Path, name: str, trials: dict[str, int]) -> Path:
    """The folder of a run that is still training: trials with their numbers of iterations, and a line being written."""
    run = results / name
    run.mkdir(parents=True)
    (run / "state.json").write_text(to_json({"run_id": name, "status": "training", "started": 1.0, "updated": 1.0}))
    lines = [
        to_json({"trial_id": trial, "timestamp": float(i), **make_result(i), "policy/giver/advantage_mean": 0.1 * i})
        for trial, iterations in trials.items()
        for i in range(1, iterations + 1)
    ]
    (run / "progress.jsonl").write_text("\n".join([*lines, '{"trial_id": "x", "agent_st']))
    return run


def test_a_chart_has_a_line_for_each_policy_and_in_a_sweep_for_each_trial() -> None:
    one = charts({"a_00000": [make_result(1), make_result(2)]})
    two = charts({"a_00000": [make_result(1)], "a_00001": [make_result(1), make_result(2)]})

    assert [line.label for line in one["policy_loss"]] == ["giver", "taker"]
    assert [line.label for line in one["perf/agent_steps_per_s"]] == [""]
    assert [line.label for line in two["value_loss"]] == ["00000 giver", "00000 taker", "00001 giver", "00001 taker"]
    assert [len(line.points) for line in two["value_loss"]] == [1, 1, 2, 2]
    assert list(one)[:2] == ["return_mean", "success_rate"]
    assert "kl_coeff" not in one  # never finite


def test_plot_draws_a_run_that_goes_on_and_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spacetime_rl.metrics.GROUPS", ("policy/giver/return", "policy/giver/adv", "policy/giver/pol"))
    run = make_run(tmp_path, "mine", {"a_00000": 4})

    said = CliRunner().invoke(app, ["plot", "mine", "--results", str(tmp_path), "--json"])

    files = [Path(file) for file in json.loads(said.stdout)["files"]]
    assert said.exit_code == 0
    assert {file.relative_to(run / "report").as_posix() for file in files} == {
        "learning_giver.png", "learning_taker.png",
        "charts/return_mean.png", "charts/advantage_mean.png", "charts/policy_loss.png",
    }  # fmt: skip
    assert matplotlib.image.imread(run / "report/charts/advantage_mean.png").shape[:2] == (560, 1000)


def test_evaluations_are_drawn_at_the_steps_of_their_checkpoints() -> None:
    def judge(trial: str, steps: int, gained: float) -> Judged:
        figures = {"return_mean": gained, "success_rate": None}
        return Judged(trial, steps, 1, (gained,), figures, {}, 4, 1, 1.0, 2.0, 3.0)

    one = evaluation_charts([judge("a_00000", 200, 2.0), judge("a_00000", 100, 1.0)])
    two = evaluation_charts([judge("a_00000", 200, 2.0), judge("a_00001", 100, 1.0)])

    assert {name: [line.points for line in lines] for name, lines in one.items()} == {
        "evaluation/return_mean": [[(100, 1.0), (200, 2.0)]]
    }
    assert [line.label for line in two["evaluation/return_mean"]] == ["00000", "00001"]


def test_a_run_without_results_is_refused_with_the_reason(tmp_path: Path) -> None:
    run = tmp_path / "young"
    run.mkdir()
    (run / "config.yaml").write_text("name: young\n")

    said = CliRunner().invoke(app, ["plot", "young", "--results", str(tmp_path)])

    assert said.exit_code != 0
    assert "no results yet" in str(said.exception)
