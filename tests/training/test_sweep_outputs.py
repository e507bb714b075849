"""What is left of a sweep none of whose trials can be compared."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.config.sweep import Objective
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.training import sweep_outputs
from spacetime_rl.training.sweep_outputs import SweepOutputs
from spacetime_rl.tuning.trial_end import TrialEnd


def test_trials_that_ended_no_episode_leave_their_page_and_advice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded: list[Path] = []
    monkeypatch.setattr(sweep_outputs, "record_report", lambda *given: recorded.append(given[2]))
    result = {"agent_steps": 5000, "episodes": 0, "time_total_s": 9.0}
    (tmp_path / "progress.jsonl").write_text(json.dumps({"trial_id": "a_00000", **result}) + "\n")
    sweep = SimpleNamespace(
        settings=SimpleNamespace(goals=[Objective(metric="scenario/success_rate")]),
        space={},
        base=RunConfig.model_validate({"scenario": {"name": "bench"}}),
    )
    folder: Any = SimpleNamespace(path=tmp_path, paths=RunPaths(tmp_path), run_id="a-sweep")
    experiment: Any = SimpleNamespace(sweep=sweep, base=sweep.base)
    outputs = SweepOutputs(experiment, folder, record=None, store=None, cores=1.0)  # type: ignore[arg-type]

    told = outputs.report_nothing([TrialEnd("a_00000", {}, "finished", None, result)], "no trial has a figure")

    page = tmp_path / "report" / "sweep.html"
    assert told.splitlines() == [
        "no trial has a figure",
        "- no episode ended in 5,000 agent steps: there was no return to learn from; train longer, or shorten episodes "
        "(game.episode_steps)",
        f"All trials: {page}",
    ]
    assert "No trial can be compared: no trial has a figure." in page.read_text()
    assert recorded == [page]
