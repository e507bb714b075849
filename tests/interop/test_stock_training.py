"""A game that speaks only the stock JSON protocol trains from the command line, with nothing said about its spaces."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from support.command import run_command

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import import_project

STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"


@pytest.mark.usefixtures("ray_cluster")
def test_a_stock_game_trains_with_policies_and_spaces_of_its_own(
    godot_bin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
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
    command = ("train", "--run-id", "stock", "--json", "--no-eval", *words)
    done = run_command(*command, monkeypatch=monkeypatch, capsys=capsys)
    assert done.code == 0, done.err
    run = tmp_path / "results" / "stock"
    spec = json.loads((run / "spec.json").read_text())
    assert [group["name"] for group in spec["groups"]] == ["finder", "guesser"]
    assert spec["wire"] == "stock/0.7"
    assert sorted(path.name for path in (run / "onnx").glob("*.onnx")) == ["finder.onnx", "guesser.onnx"]
