"""The results that lie in a run's folder."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

from spacetime_rl.tracking.plots import read_progress
from spacetime_rl.training.result_log import ResultLog
from tests.tracking.made_up import make_result


def test_every_result_is_a_line_that_can_be_read_back(tmp_path: Path) -> None:
    log = ResultLog(tmp_path / "progress.jsonl")
    for iteration in (1, 2):
        log.on_trial_result(trial=SimpleNamespace(trial_id="a"), result=make_result(iteration), trials=[], iteration=1)
    lines = (tmp_path / "progress.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0])["policy/giver/lr"] == 3e-4
    assert [result["agent_steps"] for result in read_progress(tmp_path / "progress.jsonl", "a")] == [8192, 16384]
