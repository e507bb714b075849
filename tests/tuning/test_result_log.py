"""The results that lie in a run's folder."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.made_up import make_result

from spacetime_rl.runs.result_log import read_progress
from spacetime_rl.tuning.result_log import ResultLog


def test_every_result_is_a_line_that_can_be_read_back(tmp_path: Path) -> None:
    log = ResultLog(tmp_path / "progress.jsonl")
    for iteration in (1, 2):
        log.on_trial_result(trial=SimpleNamespace(trial_id="a"), result=make_result(iteration), trials=[], iteration=1)
    lines = (tmp_path / "progress.jsonl").read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0])["policy/giver/lr"] == 3e-4
    assert [result["agent_steps"] for result in read_progress(tmp_path / "progress.jsonl", "a")] == [8192, 16384]


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_line_that_does_not_fit_on_the_disk_leaves_none_behind(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    log = ResultLog(file)

    def report(iteration: int) -> None:
        log.on_trial_result(trial=SimpleNamespace(trial_id="a"), result=make_result(iteration))

    report(1)
    with no_file_longer_than(file.stat().st_size + 100), pytest.raises(OSError, match="No space left on device"):
        report(2)
    report(3)
    assert [result["agent_steps"] for result in read_progress(file, "a")] == [8192, 24576]
