"""The best checkpoint of real runs on the real engine: killed and resumed, in a sweep, and judged once more."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.command import PROGRAM
from support.touch_run import RUN

from spacetime_rl.export.checkpoint import read_checkpoint
from spacetime_rl.runs.best import Candidate, Judged, best_folder, best_of_run, read_judged
from spacetime_rl.training.judge import Judge

# Each trains whole runs by the command, for two minutes or more beside other tests.
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(900)]

EVALUATION = {"episodes": 4, "games": 1, "every_agent_steps": 4000, "training_episodes": 12, "cpu_share": 0.2}


def begin(folder: Path, *arguments: str, **sections: Any) -> subprocess.Popen[str]:
    config = {**RUN, "checkpoint": {"every_iterations": 2}, "evaluation": EVALUATION, **sections}
    (folder / "touch.yaml").write_text(yaml.safe_dump(config))
    with (folder / "said.log").open("a") as said:
        return subprocess.Popen([*PROGRAM, *arguments], cwd=folder, stdout=said, stderr=said, text=True)


def wait_until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, "the run ended too early"
        assert time.monotonic() < deadline
        time.sleep(0.1)


def judge_again(run: Path, judged: Judged) -> Judged:
    folder = best_folder(run, judged)
    again = Judge(run.parent.parent, run / "again").judge(Candidate("again", judged.agent_steps, 1, folder))
    assert isinstance(again, Judged), again
    return again


def test_a_killed_run_goes_on_with_its_evaluations_and_its_best_checkpoint(tmp_path: Path) -> None:
    stop = {"agent_steps": 100_000}  # long enough for two evaluations, which have a fifth of a core, on a busy machine
    run = tmp_path / "results/one"
    process = begin(tmp_path, "train", "touch.yaml", "--run-id", "one", "--no-eval", stop=stop)
    wait_until(lambda: len(read_judged(run)) > 1 and list(run.glob("best/*/.waiting-*")), process)
    before = read_judged(run)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    assert begin(tmp_path, "train", "--resume", "one", "--no-eval", stop=stop).wait(timeout=600) == 0

    judged, best = read_judged(run), best_of_run(run)
    assert best is not None
    assert judged[: len(before)] == before
    assert judged[-1].agent_steps >= 100_000
    assert best.score == max(one.score for one in judged)
    assert sorted(path.name for path in run.glob("best/*/*")) == [f"agent_steps_{best.agent_steps}"]
    with (run / "metrics.csv").open(newline="") as table:
        steps = [float(row["agent_steps"]) for row in csv.DictReader(table)]
    assert steps == sorted(set(steps))
    summary = json.loads((run / "report/summary.json").read_text())
    assert summary["best"]["agent_steps"] == best.agent_steps
    # The same episodes give the same score, and what trains is left its share: a start takes about two seconds.
    again = judge_again(run, best)
    assert again.score == pytest.approx(best.score, abs=1e-12)
    assert read_checkpoint(best_folder(run, best)).iteration == best.iteration
    for one in judged[:-1]:
        assert one.cpu_s <= EVALUATION["cpu_share"] * one.time_s + 5.0


def test_every_trial_of_a_sweep_keeps_its_best_checkpoint(tmp_path: Path) -> None:
    sweep = {"num_samples": 2, "max_concurrent": 1, "space": {"training.lr": {"loguniform": [1e-4, 1e-2]}}}
    process = begin(
        tmp_path, "sweep", "touch.yaml", "--run-id", "one", "--no-eval",
        sweep=sweep, stop={"agent_steps": 6000}, rollout={"runners": 0},
    )  # fmt: skip
    assert process.wait(timeout=600) == 0, (tmp_path / "said.log").read_text()

    run = tmp_path / "results/one"
    judged, best = read_judged(run), best_of_run(run)
    trials = {one.trial_id for one in judged}
    assert best is not None
    assert len(trials) == 2
    assert {path.parent.name for path in run.glob("best/*/agent_steps_*")} == trials
    assert best.score == max(one.score for one in judged)
    assert replace(best, trial_id="") == replace(max(judged, key=lambda one: one.score), trial_id="")
