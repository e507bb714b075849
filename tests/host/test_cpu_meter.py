"""The processor time of a process and of what it starts."""

from __future__ import annotations

import subprocess
import sys
import time

from spacetime_rl.host.cpu_meter import CpuMeter

_SPEND = "import time\nwhile time.process_time() < 0.6: pass\nprint('spent', flush=True)\ninput()"


def test_the_time_of_children_counts_after_they_have_ended() -> None:
    with CpuMeter(interval_s=0.05) as meter:
        child = subprocess.Popen([sys.executable, "-c", _SPEND], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"spent\n"
        running_s = meter.read()
        child.communicate(b"\n")

    assert 0.55 <= running_s < 10.0
    assert meter.read() >= running_s


def test_what_was_spent_before_does_not_count() -> None:
    begun_s = time.process_time()
    while time.process_time() - begun_s < 0.3:
        pass

    with CpuMeter() as meter:
        spent_s = meter.read()

    assert spent_s < 0.2
