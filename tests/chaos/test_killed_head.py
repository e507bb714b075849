"""The head of a cluster killed while a job trains on another node, each on its own machine as far as Ray can tell."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import psutil
import pytest
import yaml
from chaos.table import Row
from chaos.watched import Progress, gone_after_s, is_alive, strike, title, wait_for
from support.leftovers import MARK, is_godot, marked_with
from support.touch_run import RUN
from support.two_machines import TwoMachines

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(1500)]

Note = Callable[[Row], None]
BIN = Path(sys.executable).parent
AWAY_S = 10.0
RECONNECT_S = 20  # in which nodes give up a head; Ray's own default is 60
ORPHAN_S = 5.0


class Site:
    """A head without cores, a node with the label `role=games`, and one job."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = TwoMachines()
        self.environment: dict[str, str] = {}
        self.progress = Progress(folder / "results" / "one" / "progress.jsonl")
        self.redis: subprocess.Popen[bytes] | None = None  # writes over its environment, and our mark in it
        self._head: subprocess.Popen[bytes] | None = None

    def begin(self, environment: Mapping[str, str], *options: str) -> None:
        """Start both nodes and the job, and wait until it is on its way."""
        self.environment.update(environment)
        self.start_head()
        self.start_node()
        run = {**RUN, "stop": {"agent_steps": 10_000_000}, "checkpoint": {"every_iterations": 5}}
        (self.folder / "run.yaml").write_text(yaml.safe_dump(run))
        self.submit("run.yaml", "--run-id", "one", *options)
        self.progress.reach(5_000)

    def start_head(self) -> None:
        """Start a head on a machine where none was; again if it gives up, as it does on a slow one."""
        self.place.replace_head()

        log = self.folder / "head.log"

        def stands() -> bool | None:
            if self._head is None or self._head.poll() is not None:
                at = ("--port=6379", "--dashboard-host=0.0.0.0", "--num-cpus=0")
                log.unlink(missing_ok=True)
                self._head = self._ray(log, self.place.enter, "--head", *at)
            return "Ray runtime started" in log.read_text() or None

        # With its state in Redis, a new head takes three minutes on a quiet machine.
        wait_for(stands, 900.0, "a head that stands")
        wait_for(lambda: self.spacetime("jobs", "list").returncode == 0 or None, 60.0, "a head that answers")

    def start_node(self) -> None:
        """Start the node that trains; it leaves the cores to the head, which has its own machine elsewhere."""
        at = f"--address={self.place.head}:6379"
        enter = ("nice", "-n", "19", *self.place.enter_other)
        self._ray(self.folder / "node.log", enter, at, "--num-cpus=3", "--labels=role=games")

    def kill_head(self) -> float:
        """SIGKILL for the head and all that runs there; when, in monotonic seconds."""
        assert self._head is not None
        whole = psutil.Process(self._head.pid)
        for process in [*whole.children(recursive=True), whole]:
            strike(process, signal.SIGKILL)
        self._head.wait()
        return time.monotonic()

    def submit(self, *words: str) -> None:
        """Submit a training."""
        done = self.spacetime("submit", "train", "--results", str(self.folder / "results"), "--no-eval", *words)
        assert done.returncode == 0, done.stdout + done.stderr

    def spacetime(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours on the head's machine."""
        address = f"http://{self.place.head}:8265"
        return subprocess.run(
            [*self.place.enter, str(BIN / "spacetime-rl"), *words, "--address", address],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
        )

    def games(self) -> list[psutil.Process]:
        """All running games."""
        found = [process for process in marked_with(str(self.folder)) if "--headless" in title(process)]
        return [process for process in found if is_godot(process)]

    def close(self) -> None:
        """End everything."""
        self.progress.close()
        for process in marked_with(str(self.folder)):
            if process.pid != os.getpid():
                strike(process, signal.SIGKILL)
        if self.redis is not None:
            self.redis.kill()
            self.redis.wait()
        self.place.close()

    def _ray(self, file: Path, enter: tuple[str, ...], *words: str) -> subprocess.Popen[bytes]:
        with file.open("ab") as log:
            return subprocess.Popen(
                [*enter, str(BIN / "ray"), "start", "--block", "--disable-usage-stats", *words],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv(MARK, str(tmp_path))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "60")  # then it is tried again
    site = Site(tmp_path)
    try:
        yield site
    finally:
        site.close()


def start_redis(site: Site) -> str:
    """A Redis on the head's network, which outlives the head; its address."""
    redis = shutil.which("redis-server")
    if redis is None:
        pytest.skip("redis-server is not installed, and without it a head has nowhere to keep its state")
    with (site.folder / "redis.log").open("wb") as log:
        words = ("--port", "6390", "--protected-mode", "no", "--save", "", "--dir", str(site.folder))
        site.redis = subprocess.Popen([*site.place.enter, redis, *words], stdout=log, stderr=log)
    return f"{site.place.head}:6390"


def test_a_head_that_keeps_its_state_may_die_under_a_job_that_another_node_steers(site: Site, note: Note) -> None:
    state = {"RAY_REDIS_ADDRESS": start_redis(site), "RAY_gcs_rpc_server_reconnect_timeout_s": "600"}
    site.begin(state, "--driver-on", "role=games")
    games = site.games()
    struck_s = site.kill_head()
    time.sleep(AWAY_S)
    site.start_head()
    back_s = time.monotonic()
    after = site.progress.after(back_s)

    assert "running" in site.spacetime("jobs", "status", "one").stdout
    assert games
    assert all(is_alive(game) for game in games)
    results = site.progress.arrivals()
    assert [x.result["training_iteration"] for x in results] == list(range(1, len(results) + 1))
    pause_s = max(b.at_s - a.at_s for a, b in pairwise(results) if b.at_s > struck_s)
    assert site.spacetime("jobs", "stop", "one").returncode == 0
    wait_for(lambda: "stopped" in site.spacetime("jobs", "status", "one").stdout or None, 120.0, "the end of the job")
    assert json.loads((site.folder / "results" / "one" / "state.json").read_text())["status"] == "interrupted"
    note(
        Row(
            "the head killed, its state in Redis, the job steered from another node",
            back_s - struck_s,
            after.at_s - struck_s,
            0,
            f"the same games and the same job went on, no iteration lost, the longest pause {pause_s:.0f} s",
        )
    )


def test_a_head_that_keeps_nothing_takes_its_jobs_along_and_they_are_resumed(site: Site, note: Note) -> None:
    site.begin({"RAY_gcs_rpc_server_reconnect_timeout_s": str(RECONNECT_S)})
    games = site.games()
    lost_at = site.progress.arrivals()[-1].agent_steps
    struck_s = site.kill_head()
    orphans_s = gone_after_s(games, struck_s, timeout_s=120.0)
    wait_for(
        lambda: not any("raylet/raylet" in title(p) for p in marked_with(str(site.folder))) or None, 120.0, "its end"
    )
    site.start_head()
    site.start_node()
    site.submit("--resume", "one")
    after = site.progress.after(struck_s + orphans_s + 1.0, timeout_s=300.0)

    assert games
    assert orphans_s < ORPHAN_S
    assert after.agent_steps > 0
    note(
        Row(
            "the head killed without that, then nodes started anew and submit --resume",
            None,
            after.at_s - struck_s,
            max(lost_at - after.agent_steps + RUN["training"]["train_batch_size"], 0),
            f"no game left after {orphans_s:.1f} s; went on from its latest checkpoint (every 5 iterations)",
        )
    )
