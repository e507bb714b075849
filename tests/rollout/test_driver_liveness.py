"""Processes that hold on to their driver end with it, wherever they are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest
from support.ports import free_port

from spacetime_rl.rollout.driver_liveness import ADDRESS

DRIVER = """
import time
from spacetime_rl.rollout.driver_liveness import announce_driver
with announce_driver("127.0.0.1") as environment:
    print(*environment.values(), flush=True)
    {then}
"""
HOLDER = """
import threading
import time
from spacetime_rl.rollout.driver_liveness import end_with_driver
end_with_driver()
end_with_driver()
print("here", flush=True)
for thread in threading.enumerate():
    if thread is not threading.main_thread():
        thread.join()
print("alone", flush=True)
time.sleep(60)
"""


@pytest.fixture
def processes() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start(processes: ExitStack, program: str, address: str = "") -> subprocess.Popen[str]:
    """A Python process that has said its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, ADDRESS: address},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    processes.callback(process.wait)
    processes.callback(process.kill)
    return process


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def wait_for_connection(process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while not any(link.status == psutil.CONN_ESTABLISHED for link in psutil.Process(process.pid).net_connections()):
        assert time.monotonic() < deadline, "it did not connect"
        time.sleep(0.02)


def test_a_process_ends_with_a_driver_that_is_killed(processes: ExitStack) -> None:
    driver = start(processes, DRIVER.format(then="time.sleep(60)"))
    address = first_line(driver)
    holders = [start(processes, HOLDER, address) for _ in range(2)]
    said = [first_line(holder) for holder in holders]
    for holder in holders:
        wait_for_connection(holder)
    before = [holder.poll() for holder in holders]

    driver.send_signal(signal.SIGKILL)

    assert said == ["here", "here"]
    assert before == [None, None]
    assert [holder.wait(timeout=5) for holder in holders] == [-signal.SIGKILL] * 2


def test_a_process_ends_with_a_driver_that_is_done(processes: ExitStack) -> None:
    driver = start(processes, DRIVER.format(then="input()"))
    holder = start(processes, HOLDER, first_line(driver))
    first_line(holder)
    wait_for_connection(holder)

    driver.communicate("\n", timeout=30)

    assert driver.returncode == 0
    assert holder.wait(timeout=5) == -signal.SIGKILL


@pytest.mark.parametrize("address", ["", "nobody"])
def test_a_process_without_a_driver_to_reach_lives_on(address: str, processes: ExitStack) -> None:
    holder = start(processes, HOLDER, f"127.0.0.1:{free_port()}" if address else "")

    assert [first_line(holder), first_line(holder)] == ["here", "alone"]
    assert holder.poll() is None
