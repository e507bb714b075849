"""A curriculum as a user has it: the real command on the real engine, with MLflow, stopped in a lesson and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import PROGRAM

from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.tracking.store import make_client, resolve_store

pytestmark = [pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(600)]

# Everybody touches the target at once; nobody ever does; the game as it is, with a sampler.
LESSONS = [
    {"lesson": "at_once", "params": {"touch_m": 10.0}, "success_rate": 0.9, "window": 10},
    {"lesson": "never", "params": {"touch_m": 0.0, "max_ticks": {"choice": [12, 18]}}, "agent_steps": 6000},
    {"lesson": "as_it_is", "params": {}},
]
CONFIG = {
    "name": "touch",
    "scenario": {"params": {"max_ticks": 120, "jumpers": 0}},
    "game": {"project": str(OWN_PROJECT), "scene": "res://tests/fixtures/touch/touch.tscn", "arenas": 2},
    "curriculum": LESSONS,
    "model": {"hiddens": [16]},
    "training": {"train_batch_size": 250, "minibatch_size": 125, "num_epochs": 1},
    "rollout": {"runners": 1},
    "stop": {"agent_steps": 8000},
    "checkpoint": {"every_agent_steps": 1500, "keep": 10},
}


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    program = [*PROGRAM, "train", *arguments, "--no-eval"]
    return subprocess.Popen(
        program, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def progress_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results/one/progress.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_lessons_reach_running_games_and_a_resumed_run_goes_on_in_its_lesson(tmp_path: Path) -> None:
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump(CONFIG))
    process = start(tmp_path, "touch.yaml", "--run-id", "one")
    assert process.stdout is not None
    assert any("lesson=never" in line for line in process.stdout), process.communicate()
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130, (out, err)
    before = progress_of(tmp_path)
    assert before[-1]["curriculum/lesson"] == 1
    assert before[-1]["curriculum/at_once/success_rate"] >= 0.9

    resumed = start(tmp_path, "--resume", "one")
    out, err = resumed.communicate(timeout=240)
    assert resumed.returncode == 0, (out, err)
    after = progress_of(tmp_path)[len(before) :]
    assert after[0]["curriculum/lesson"] == 1
    assert [line for line in out.splitlines() if line.startswith("stage=") and "lesson" in line][-1].startswith(
        'stage="training, lesson as_it_is"'
    )
    in_never = [line["agent_steps"] for line in [*before, *after] if line["curriculum/lesson"] == 1]
    assert 5000 <= in_never[-1] - in_never[0] <= 6500
    last = after[-1]
    assert last["curriculum/lesson"] == 2
    assert last["curriculum/never/success_rate"] == 0.0
    # Episodes of 2 and 3 decisions, and the plain ones of 20 where nobody arrives by accident.
    lengths = [line["policy/walker/length_mean"] for line in after]
    assert min(lengths) < 4 < lengths[-1]

    client = make_client(resolve_store(tmp_path / "results"))
    found = client.search_runs([client.get_experiment_by_name("touch").experiment_id])
    (run,) = [run for run in found if "trial_id" in run.data.tags]
    assert run.data.tags["lesson"] == "as_it_is"
    assert run.data.metrics["curriculum/lesson"] == 2
    saved = sorted((tmp_path / "results/one").rglob("curriculum.json"))
    assert json.loads(saved[-1].read_text())["lesson"] == "as_it_is"
    assert len(saved) >= 4  # by agent steps, at the interruption and at the end


def test_a_lesson_that_the_game_refuses_is_told_before_training(tmp_path: Path) -> None:
    wrong = {**CONFIG, "curriculum": [{"lesson": "many", "params": {"walkers": 3}, "agent_steps": 5}]}
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump(wrong))
    process = start(tmp_path, "touch.yaml", "--run-id", "one")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "curriculum: lesson 'many'" in err
    assert "parameter 'walkers' can be set at launch only" in err
    assert not (tmp_path / "results/one").exists()
