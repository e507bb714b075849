"""`train --attach` learns from a game that a person starts, and `train --viz` beside a window, from first to last."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command import PROGRAM
from support.ports import free_port

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.display import XServer
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.project import OWN_PROJECT, import_project
from spacetime_rl.runs.layout import RunPaths

TOUCH = "res://tests/fixtures/touch/touch.tscn"
DEADLINE_S = 900.0
# Whole runs, with Ray, in a process of their own: half a minute each.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(1200)]


def config(folder: Path, game: Mapping[str, Any]) -> Path:
    path = folder / "run.yaml"
    document = {
        "name": "doors",
        "game": dict(game),
        "model": {"hiddens": [16]},
        "training": {"train_batch_size": 1000, "minibatch_size": 250, "num_epochs": 2},
        "rollout": {"runners": 1},
        "stop": {"agent_steps": 4_000},
        "evaluation": {"episodes": 4, "games": 1, "arenas": 1},
        "results": str(folder / "results"),
    }
    path.write_text(to_json(document))
    return path


def finished(folder: Path, name: str) -> dict[str, Any]:
    run = RunPaths(folder / "results" / name)
    assert (run.onnx / "walker.onnx").is_file()
    return dict(json.loads(run.summary.read_text()))


def test_a_game_that_a_person_starts_is_waited_for_trained_evaluated_and_let_go(tmp_path: Path) -> None:
    port, godot = free_port(), find_godot()
    learn = [*PROGRAM, "train", str(config(tmp_path, {})), "--attach", str(port), "--run-id", "by-hand"]
    with subprocess.Popen(learn, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path) as training:
        assert training.stdout is not None
        said = []
        for line in training.stdout:
            said.append(line)
            if f"waiting on 127.0.0.1:{port} for a game that you start" in line:
                break
        command = [str(godot.path), "--headless", "--path", str(import_project(OWN_PROJECT, godot)), TOUCH]
        with GameProcess([*command, "--", f"--attach={port}"], name="by-hand", log_dir=tmp_path) as game:
            said += training.stdout.readlines()
            code = training.wait(DEADLINE_S)
            assert not game.wait(0.0)  # it plays by itself again, and looks for the next training
            assert f"played by the training on 127.0.0.1:{port}" in game.log_path.read_text()

    assert code == 0, "".join(said)
    summary = finished(tmp_path, "by-hand")
    assert summary["agent_steps"] >= 4_000
    assert summary["evaluation"]["trained"]["overall"]["episodes"] == 4
    assert any("a game has connected" in line for line in said)


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_the_first_game_of_a_run_is_shown_in_a_window_and_learns_like_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = {"project": str(OWN_PROJECT), "scene": TOUCH}
    learn = [*PROGRAM, "train", str(config(tmp_path, game)), "--viz", "--set", "rollout.games_per_runner=2"]
    screen = XServer(tmp_path, "screen")
    try:
        monkeypatch.setenv("DISPLAY", screen.display)
        done = subprocess.run(
            [*learn, "--run-id", "shown"], capture_output=True, text=True, timeout=DEADLINE_S, cwd=tmp_path, check=False
        )
    finally:
        screen.process.kill()

    assert done.returncode == 0, done.stdout + done.stderr
    assert finished(tmp_path, "shown")["agent_steps"] >= 4_000
    logs = {path.name: path.read_text() for path in (tmp_path / "results" / "shown" / "logs").rglob("runner*.log")}
    drawn = [name for name, log in logs.items() if "OpenGL" in log or "Vulkan" in log]
    assert len(logs) >= 2
    assert len(drawn) == 1, logs
