"""A game that speaks only the stock JSON protocol trains from the command line, with nothing said about its spaces."""

from __future__ import annotations

import csv
import json
import shlex
from pathlib import Path

import pytest
from mlflow import MlflowClient
from support.command import Done, run_command
from support.controller_lines import read_metrics

from spacetime_rl.console.panel_parts import game_lines
from spacetime_rl.console.progress import TrialProgress
from spacetime_rl.formats import controller
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import import_project

STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"


@pytest.mark.usefixtures("ray_cluster")
def test_a_stock_game_trains_with_policies_and_spaces_of_its_own(
    godot_bin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    game = tmp_path / "game.x86_64"
    program = [str(godot_bin), "--path", str(import_project(STOCK_GAME, find_godot()))]
    game.write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n')
    game.chmod(0o755)
    settings = [
        f"env_path={game}",
        "game.action_repeat=1",
        "model.cnn.filters=[[8,4,2]]",
        "model.hiddens=[32]",
        "rollout.runners=0",
        "training.train_batch_size=600",
        "training.minibatch_size=100",
        "training.num_epochs=2",
        "stop.iterations=1",
        "stop.agent_steps=null",
        f"results={tmp_path / 'results'}",
    ]
    words = [word for setting in settings for word in ("--set", setting)]
    monkeypatch.setenv(controller.VARIABLE, "controller")
    command = ("train", "--run-id", "stock", "--json", "--no-eval", *words)
    done = run_command(*command, monkeypatch=monkeypatch, capsys=capfd)
    assert done.code == 0, done.err
    run = tmp_path / "results" / "stock"
    spec = json.loads((run / "spec.json").read_text())
    assert [group["name"] for group in spec["groups"]] == ["finder", "guesser"]
    assert spec["wire"] == "stock/0.7"
    assert sorted(path.name for path in (run / "onnx").glob("*.onnx")) == ["finder.onnx", "guesser.onnx"]
    _assert_its_info_is_everywhere(run, done)


def _assert_its_info_is_everywhere(run: Path, done: Done) -> None:
    """A number of the game's `get_info()`: in a controller's line, results, table, MLflow and panel."""
    (line,) = read_metrics(done.err)
    shown = line["policies"]["guesser"]["custom_metrics"]["lamp_seen"]
    assert 1.0 <= shown <= 3.0
    assert line["custom_metrics"]["lamp_seen"] == shown
    assert line["num_agent_steps_sampled"] == line["num_agent_steps_trained"] == 3 * line["timesteps_total"]
    name = "policy/guesser/lamp_seen"
    result = json.loads((run / "progress.jsonl").read_text())
    assert result[name] == shown
    (row,) = csv.DictReader((run / "metrics.csv").open())
    assert float(row[name]) == pytest.approx(shown)
    store = f"sqlite:///{run.parent / 'mlflow.db'}"
    client = MlflowClient(store)
    (recorded,) = client.search_runs([e.experiment_id for e in client.search_experiments()], f"metrics.`{name}` > 0")
    assert recorded.data.metrics[name] == pytest.approx(shown)
    assert [text.plain for text in game_lines(TrialProgress("stock_00000", result=result))] == [
        f"guesser game  lamp_seen {shown:.2f}"
    ]
