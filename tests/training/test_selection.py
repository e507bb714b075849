"""Evaluations while a run trains do not hold it up, whatever becomes of them; here with judges that fail."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ray import cloudpickle
from ray.tune.result import SHOULD_CHECKPOINT

from spacetime_rl.config import StopConfig
from spacetime_rl.console.progress import Progress
from spacetime_rl.runs.best import Candidate, Judged, best_of_trial, read_judged, waiting_candidates
from spacetime_rl.training import selection as module
from spacetime_rl.training.selection import Selection

pytestmark = pytest.mark.usefixtures("ray_cluster")

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # actors cannot import this file


def make_judge(judge: Callable[[Candidate], Judged | str]) -> type:
    """A judge with another verdict, for an actor of its own."""

    class Judge:
        def __init__(self, home: Path, logs: Path) -> None:
            del home, logs

        def begin(self) -> None:
            pass

        def hurry(self) -> None:
            pass

        def judge(self, candidate: Candidate) -> Judged | str:
            return judge(candidate)

    return Judge


def by_steps(candidate: Candidate) -> Judged | str:
    """A judge to whom 200 agent steps are the best, 300 cannot be played, and 400 cost it its life."""
    steps = candidate.agent_steps
    if steps == 300:
        return "the game does not start"
    if steps == 400:
        os._exit(1)
    score = float(steps == 200)
    return Judged(candidate.trial_id, steps, 1, (score,), {"return_mean": score}, {}, 4, 1, 0.5, 2.0, 3.0)


class Training:
    """A trial as Tune shows it to callbacks."""

    def __init__(self, selection: Selection, folder: Path) -> None:
        self._selection = selection
        self._folder = folder
        self._trial: Any = SimpleNamespace(trial_id="a_00000", last_result={})
        selection.setup()

    def report(self, steps: int, done: bool = False) -> dict[str, Any]:
        result = {"agent_steps": steps, "training_iteration": steps // 10, "done": done}
        self._selection.on_trial_result(trial=self._trial, result=result)
        self._trial.last_result = result
        if result.get(SHOULD_CHECKPOINT):
            checkpoint = self._folder / f"checkpoint_{steps:06}"
            checkpoint.mkdir(parents=True)
            (checkpoint / "spacetime.json").write_text("{}")
            self._selection.on_checkpoint(trial=self._trial, checkpoint=SimpleNamespace(path=str(checkpoint)))
        return result

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline
            self._selection.on_step_end(trials=[])
            time.sleep(0.02)


def make(tmp_path: Path, progress: Progress) -> Selection:
    return Selection(tmp_path / "run", 100, progress, tmp_path)


def test_a_judge_that_fails_or_dies_costs_its_checkpoint_and_not_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Judge", make_judge(by_steps))
    progress = Progress("run", StopConfig())
    selection = make(tmp_path, progress)
    training = Training(selection, tmp_path / "tune")

    assert SHOULD_CHECKPOINT not in training.report(90)
    for steps in (100, 200, 300, 400):
        training.report(steps)
        training.until(lambda: not selection._now and not selection._waiting)
    last = training.report(450, done=True)
    selection.finish(lambda: False)

    run = tmp_path / "run"
    assert [one.agent_steps for one in read_judged(run)] == [100, 200, 450]
    best = best_of_trial(run, "a_00000")
    assert best is not None
    assert best.agent_steps == 200
    assert [path.name for path in (run / "best/a_00000").iterdir()] == ["agent_steps_200"]
    assert last["evaluation/best_agent_steps"] == 200.0
    assert last["evaluation/best_return_mean"] == 1.0
    assert last["evaluation/cpu_s"] == 1.0
    assert any("at 300 agent steps was not evaluated: the game does not start" in note.line for note in progress.notes)
    assert any("at 400 agent steps was not evaluated: the process" in note.line for note in progress.notes)


def test_training_does_not_wait_and_of_those_that_wait_the_newest_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "open"

    def wait_for_gate(candidate: Candidate) -> Judged | str:
        while not gate.exists():
            time.sleep(0.02)
        return by_steps(candidate)

    monkeypatch.setattr(module, "Judge", make_judge(wait_for_gate))
    progress = Progress("run", StopConfig())
    selection = make(tmp_path, progress)
    training = Training(selection, tmp_path / "tune")
    for steps in (100, 200, 500, 600):
        training.report(steps)

    waiting = [candidate.agent_steps for candidate in waiting_candidates(tmp_path / "run")]
    gate.touch()
    selection.finish(lambda: False)

    assert waiting == [100, 600]  # the one that is being evaluated, and the newest
    assert [one.agent_steps for one in read_judged(tmp_path / "run")] == [100, 600]
    assert any("takes longer than training takes" in note.line for note in progress.notes)


def test_what_was_not_evaluated_when_the_user_stopped_is_evaluated_after_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(candidate: Candidate) -> Judged | str:
        time.sleep(600)
        return by_steps(candidate)

    monkeypatch.setattr(module, "Judge", make_judge(never))
    stopped = make(tmp_path, Progress("run", StopConfig()))
    Training(stopped, tmp_path / "tune").report(200)
    stopped.finish(lambda: True)
    assert read_judged(tmp_path / "run") == []

    monkeypatch.setattr(module, "Judge", make_judge(by_steps))
    resumed = make(tmp_path, Progress("run", StopConfig()))
    training = Training(resumed, tmp_path / "tune")
    assert SHOULD_CHECKPOINT not in training.report(250)  # it is not due again
    resumed.finish(lambda: False)

    assert [one.agent_steps for one in read_judged(tmp_path / "run")] == [200]
