"""Many launches at once, over several processes that share a few ports, never get each other's games."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import pytest

PROGRAM = Path(__file__).parents[1] / "support" / "launch_many.py"
PORTS = (42000, 42031)


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(
    ("processes", "launches", "threads"), [(2, 4, 2), pytest.param(4, 50, 4, marks=pytest.mark.slow)]
)
def test_launches_at_once_are_not_mixed_up_and_leave_nothing(
    processes: int,
    launches: int,
    threads: int,
    survivors: Callable[[], list[object]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = time.monotonic()
    started = [
        subprocess.Popen([sys.executable, PROGRAM, *map(str, (p, launches, threads, *PORTS))], stdout=subprocess.PIPE)
        for p in range(processes)
    ]
    seconds = sorted(s for process in started for s in json.loads(process.communicate()[0]))
    assert [process.returncode for process in started] == [0] * processes
    assert len(seconds) == processes * launches
    assert survivors() == []
    with capsys.disabled():
        print(
            f"\n{len(seconds)} launches, {processes * threads} at once, in {time.monotonic() - began:.0f} s; "
            f"first observation after {median(seconds):.2f} s (median), {seconds[-1]:.2f} s (longest); none mixed up, "
            "no process left"
        )
