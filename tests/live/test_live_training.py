"""A run that learns from games which connect by themselves: the command, the real Godot, and what comes out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from support.ports import free_port
from support.served_game import TOUCH, served_game

from spacetime_rl.evaluation.policy import load_policy
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.runs.layout import RunPaths

PARAMS = {"touch_m": 1.0, "max_ticks": 180, "jumpers": 0, "walkers": 3}
OWN_GAME = Path(__file__).parent.parent / "fixtures" / "own_game"
GAMES = 2
DEADLINE_S = 1500.0
# A run needs Ray and thousands of decisions in real games: minutes.
pytestmark = pytest.mark.slow


def config(folder: Path, iterations: int) -> Path:
    path = folder / "touch.yaml"
    path.write_text(
        to_json(
            {
                "name": "touch",
                "game": {"project": str(OWN_PROJECT), "scene": TOUCH},
                "scenario": {"params": PARAMS},
                "model": {"hiddens": [64, 64], "initial_log_std": -0.5},
                "training": {"train_batch_size": 1200, "minibatch_size": 240, "num_epochs": 8, "lr": 1e-3},
                "stop": {"iterations": iterations},
                "evaluation": {"episodes": 30},
                "results": str(folder / "results"),
            }
        )
    )
    return path


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "spacetime_rl", *map(str, arguments)]


def returns(run: RunPaths) -> list[float]:
    if not run.results.is_file():
        return []
    lines = [json.loads(line) for line in run.results.read_text().splitlines()]
    found = [line.get("result", line) for line in lines]
    return [line["scenario/return_mean"] for line in found if line.get("scenario/return_mean") is not None]


def learn_from_games(folder: Path, run_id: str, iterations: int, *policies: str) -> list[float]:
    """Run `serve --learn` with games that connect, until it ends by itself; its mean returns."""
    folder.mkdir(exist_ok=True)
    port, folders = free_port(), [folder / f"{run_id}-{number}" for number in range(GAMES)]
    learn = command("serve", *policies, "--learn", config(folder, iterations), "--port", str(port), "--run-id", run_id)
    if policies:
        learn.append("--no-eval")
    with ExitStack() as games, (folder / "serve.log").open("wb") as log:
        server = subprocess.Popen(learn, stdout=log, stderr=log, cwd=folder)
        for own in folders:
            own.mkdir()
            options = (f"--serve=ws://127.0.0.1:{port}", "--serve_training=1")
            games.enter_context(served_game(TOUCH, own, *options, params=dict(PARAMS)))
        code = server.wait(DEADLINE_S)
    assert code == 0, (folder / "serve.log").read_text()[-4000:]
    return returns(RunPaths(folder / "results" / run_id))


def test_returns_rise_and_the_run_is_like_any_other(tmp_path: Path) -> None:
    found = learn_from_games(tmp_path, "live", 30)
    run = RunPaths(tmp_path / "results" / "live")
    assert np.mean(found[-3:]) > np.mean(found[:3]) + 2.0, found
    assert (run.onnx / "walker.onnx").is_file()
    report = subprocess.run(
        command("eval", "live", "--results", tmp_path / "results", "--episodes", "30", "--json"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(report.stdout)["episodes"] == 30
    summary = json.loads((run.report / "summary.json").read_text())
    assert set(summary["evaluation"]) == {"trained", "heuristic", "random"}

    # A second run begins where the first one ended.
    went_on = learn_from_games(tmp_path, "more", 3, str(run.path))
    assert np.mean(went_on) > np.mean(found[:3]) + 1.0, (found, went_on)


def test_a_game_of_any_kind_is_learned_from_by_what_it_declares(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "game"
    folder.mkdir()
    project = Path(shutil.copytree(OWN_GAME, tmp_path / "project"))
    shutil.copytree(OWN_PROJECT / "addons", project / "addons")
    document = {
        "name": "line",
        "game": {"project": str(tmp_path)},  # never started
        "model": {"hiddens": [32], "initial_log_std": -0.5},
        "training": {"train_batch_size": 1200, "minibatch_size": 240, "num_epochs": 8, "lr": 3e-3, "gamma": 0.9},
        "stop": {"iterations": 40},
        "results": str(tmp_path / "results"),
    }
    (tmp_path / "line.yaml").write_text(to_json(document))
    learn = command("serve", "--learn", tmp_path / "line.yaml", "--spaces-from-game", "--port", str(port))
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen([*learn, "--run-id", "live"], stdout=log, stderr=log, cwd=tmp_path)
        with served_game("res://own_game.tscn", folder, f"--serve=ws://127.0.0.1:{port}", project=project):
            code = server.wait(DEADLINE_S)

    assert code == 0, (tmp_path / "serve.log").read_text()[-4000:]
    run = RunPaths(tmp_path / "results" / "live")
    found = returns(run)
    assert np.mean(found[-3:]) > np.mean(found[:3]) / 2, found  # from about -20, of 30 steps
    spec = json.loads(run.spec.read_text())
    assert spec["scenario"] == "walkers on a line"
    assert [len(group["agents"]) for group in spec["groups"]] == [8]
    policy = load_policy(run.path)
    assert policy.act([[0.0, 1.0]])[0, 0] > 0 > policy.act([[0.0, -1.0]])[0, 0]


def test_ctrl_c_ends_a_run_whose_games_have_gone(tmp_path: Path) -> None:
    port, folder = free_port(), tmp_path / "game"
    learn = command("serve", "--learn", config(tmp_path, 1000), "--port", str(port), "--run-id", "live")
    run = RunPaths(tmp_path / "results" / "live")
    folder.mkdir()
    with (tmp_path / "serve.log").open("wb") as log:
        server = subprocess.Popen(learn, stdout=log, stderr=log, cwd=tmp_path, start_new_session=True)
        options = (f"--serve=ws://127.0.0.1:{port}", "--serve_training=1")
        with served_game(TOUCH, folder, *options, params=dict(PARAMS)):
            end = time.monotonic() + DEADLINE_S
            while len(returns(run)) < 2:
                assert server.poll() is None, (tmp_path / "serve.log").read_text()[-4000:]
                assert time.monotonic() < end
                time.sleep(0.2)
        os.kill(server.pid, signal.SIGINT)
        code = server.wait(300)

    assert code == 130, (tmp_path / "serve.log").read_text()[-4000:]
    assert list(run.tune.rglob("checkpoint_*")), "a checkpoint to go on from"
