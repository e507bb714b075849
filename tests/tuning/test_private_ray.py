"""A Ray of one's own: tried again, with the reason where it does not start, and nothing left of a try that failed."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from spacetime_rl.errors import RayStartError
from spacetime_rl.tuning import private_ray

FATAL = (
    "[2026-11-28 03:26:24,141 I 18413 18458] (raylet) agent_manager.cc:81: Monitor agent process\n"
    "[2026-11-28 03:26:40,863 C 18413 18413] (raylet) node_manager.cc:3576:  An unexpected system state has occurred. "
    "Check failed: status.has_value() Timed out waiting for file metrics_agent_port\n"
    "*** StackTrace Information ***\n"
)


class FakeRay:
    """Starts a process and fails, the first times; then succeeds."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.folders: list[Path] = []
        self.started: list[int] = []

    def init(self, *_: Any, _temp_dir: str, **__: Any) -> None:
        self.folders.append(Path(_temp_dir))
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "/ray/raylet"])
        self.started.append(process.pid)
        if len(self.folders) <= self.failures:
            logs = Path(_temp_dir) / "session_2026" / "logs"
            logs.mkdir(parents=True)
            (logs / "raylet.out").write_text(FATAL)
            raise Exception("The current node timed out during startup.")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeRay]:
    import ray

    found = FakeRay(failures=0)
    monkeypatch.setattr(ray, "init", found.init)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
    monkeypatch.setattr(private_ray, "_parent", lambda: tmp_path)
    monkeypatch.setattr(private_ray, "_started", {})  # `stop` ends all that was started: not the Ray of the other tests
    yield found
    for pid in found.started:
        if psutil.pid_exists(pid):
            psutil.Process(pid).kill()


def test_a_ray_that_starts_leaves_nothing_when_it_is_stopped(fake: FakeRay, tmp_path: Path) -> None:
    private_ray.start(cpus=1)
    assert psutil.pid_exists(fake.started[0])
    assert fake.folders[0].is_dir()

    private_ray.stop()

    assert not _runs(fake.started[0])
    assert not list(tmp_path.iterdir())


def test_a_try_that_failed_is_ended_before_the_next(fake: FakeRay, caplog: pytest.LogCaptureFixture) -> None:
    fake.failures = 1

    private_ray.start(cpus=1)

    assert not _runs(fake.started[0])
    assert not fake.folders[0].exists()
    assert psutil.pid_exists(fake.started[1])
    assert "Ray did not start (Timed out waiting for file metrics_agent_port); trying once more" in caplog.text
    private_ray.stop()


def test_the_reason_is_given_where_it_does_not_start_at_all(fake: FakeRay, tmp_path: Path) -> None:
    fake.failures = 99

    with pytest.raises(RayStartError) as raised:
        private_ray.start(cpus=1)

    assert "in 3 tries: Timed out waiting for file metrics_agent_port. The machine has" in str(raised.value)
    assert not any(_runs(pid) for pid in fake.started)
    assert not list(tmp_path.iterdir())


def test_a_node_that_has_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_ray, "_node_lives", lambda: False)  # the node of the other tests does

    def get_node() -> None:
        raise RuntimeError("no node yet")

    with pytest.raises(RayStartError, match="its node ended"):
        private_ray._patient(get_node, deadline=float("inf"))


def test_a_node_that_ends_later_is_named_with_the_reason(fake: FakeRay, monkeypatch: pytest.MonkeyPatch) -> None:
    private_ray.check_lives()
    private_ray.start(cpus=1)
    logs = fake.folders[0] / "session_2026" / "logs"
    logs.mkdir(parents=True)
    (logs / "raylet.err").write_text(f"[2026 E 1 2] agent_manager.cc:87: {private_ray._ENDS_OF} one Ray agent failed")
    monkeypatch.setattr(private_ray, "_node_lives", lambda: True)
    private_ray.check_lives()
    monkeypatch.setattr(private_ray, "_node_lives", lambda: False)

    with pytest.raises(
        RayStartError, match=r"Ray has ended on this machine: .* because one Ray agent failed\. The mach"
    ):
        private_ray.check_lives()

    private_ray.stop()
    private_ray.check_lives()


def test_two_runs_of_the_same_seed_choose_ports_of_their_own() -> None:
    chosen = []
    for _ in range(2):
        random.seed(0)
        chosen.append([private_ray._free_port() for _ in range(3)])

    assert chosen[0] != chosen[1]


def test_a_long_tmpdir_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_TMPDIR", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    assert private_ray._parent() == Path("/tmp")


def test_without_a_folder_for_its_sockets_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private_ray, "_PARENTS", ())
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    monkeypatch.delenv("RAY_TMPDIR", raising=False)

    with pytest.raises(RayStartError, match=r"needs a folder for its sockets.*/nowhere.*set TMPDIR"):
        private_ray._parent()


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


HANGS_ONCE = """
import sys, time
from pathlib import Path
from spacetime_rl.tuning import fork_worker
try:
    Path({0!r}).touch(exist_ok=False)
    time.sleep(600)
except FileExistsError:
    sys.exit(fork_worker.main(sys.argv[1:]))
"""
START = """
from spacetime_rl.tuning import private_ray
from spacetime_rl.tuning.ray_session import ray_session
private_ray._PARAMS["setup_worker_path"] = {0!r}
with ray_session(2):
    import ray
    print(ray.get(ray.remote(lambda: "answered").remote(), timeout=120))
"""


@pytest.mark.timeout(300)
def test_a_worker_that_never_comes_up_is_started_once_more(tmp_path: Path) -> None:
    hung, worker = tmp_path / "hung", tmp_path / "worker.py"
    worker.write_text(HANGS_ONCE.format(str(hung)))
    environment = {**os.environ, "RAY_worker_register_timeout_seconds": "5"}
    command = [sys.executable, "-c", START.format(str(worker))]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert hung.exists()
    assert done.stdout == "answered\n", done.stderr


@pytest.mark.usefixtures("ray_cluster")
def test_the_head_keeps_no_events_of_tasks() -> None:
    import ray

    task = ray.remote(lambda: None)
    ray.get([task.remote() for _ in range(20)])
    time.sleep(3.0)  # Ray's processes report every second, where they do
    assert ray.timeline() == []
