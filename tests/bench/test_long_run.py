"""The table of a long training: windows of five minutes, and the memory of each kind of process."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import psutil
import pytest
from bench import long_run
from bench.long_run import GAME, KINDS, REST, RUNNER, TRIAL


def test_windows_begin_with_the_first_iteration_and_hold_the_speed_and_the_mean_memory() -> None:
    times = np.array([1000.0, 1150.0, 1300.0, 1450.0, 1599.0])
    steps = np.array([500.0, 3500.0, 6500.0, 8000.0, 9490.0])
    readings = [
        (990.0, dict(zip(KINDS, (900.0, 0.0, 0.0, 0.0), strict=True))),
        (1000.0, dict(zip(KINDS, (100.0, 200.0, 300.0, 1.0), strict=True))),
        (1299.0, dict(zip(KINDS, (102.0, 200.0, 310.0, 2.0), strict=True))),
        (1300.0, dict(zip(KINDS, (9.0, 9.0, 9.0, 9.0), strict=True))),
    ]

    rows = list(long_run.windows(times, steps, readings))

    assert rows == [("0 to 5", "20", "101", "200", "305", "2")]


@pytest.mark.parametrize(
    ("argument", "kind"),
    [("--path game", GAME), ("ray::GameEnvRunner.sample", RUNNER), ("ray::Trial.train", TRIAL), ("raylet", REST)],
)
def test_a_process_counts_by_what_it_is(argument: str, kind: str) -> None:
    command = [sys.executable, "-c", "print(flush=True); input()", argument]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it runs
        found = long_run.read_memory(psutil.Process(process.pid))
        process.kill()

    assert [name for name, amount in found.items() if amount > 0] == [kind]


def test_a_training_that_fails_is_no_measurement() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        long_run.watch([sys.executable, "-c", "raise SystemExit(3)"])
