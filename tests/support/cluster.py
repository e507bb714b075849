"""A Ray cluster of separate processes on this machine: a head with its job server, and nodes that may be killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from support.ports import free_port

RAY = str(Path(sys.executable).with_name("ray"))
_START_S = 180.0


@dataclass
class LocalCluster:
    """Begins with `start`; `close` ends every process of it."""

    folder: Path
    ray: str = RAY
    environ: Mapping[str, str] = field(default_factory=dict)
    nodes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    port: int = 0
    dashboard: int = 0
    _scratch: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the job server."""
        return f"http://127.0.0.1:{self.dashboard}"

    def start(self, cpus: int = 2) -> None:
        """Start the head and wait until it takes jobs."""
        self.port, self.dashboard = free_port(), free_port()
        self.nodes.append(
            self._node(
                "--head",
                f"--port={self.port}",
                "--dashboard-host=127.0.0.1",
                f"--dashboard-port={self.dashboard}",
                cpus=cpus,
            )
        )
        self._wait_for_nodes(1)

    def join(self, cpus: int = 2) -> subprocess.Popen[bytes]:
        """Add a node and wait until the head knows it."""
        alive = sum(node.poll() is None for node in self.nodes)
        node = self._node(f"--address=127.0.0.1:{self.port}", cpus=cpus)
        self.nodes.append(node)
        self._wait_for_nodes(alive + 1)
        return node

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """SIGKILL for a node and everything it started that has no session of its own."""
        for process in [*_below(node.pid), psutil.Process(node.pid)]:
            _signal(process, signal.SIGKILL)
        node.wait()

    def close(self) -> None:
        """End all nodes."""
        for node in reversed(self.nodes):
            if node.poll() is None:
                self.kill(node)
        for scratch in self._scratch:
            shutil.rmtree(scratch, ignore_errors=True)  # environments of jobs are gigabytes

    def _node(self, *arguments: str, cpus: int) -> subprocess.Popen[bytes]:
        # Several Rays on a machine: each agent needs ports of its own.
        own = ["--dashboard-agent-listen-port=0", "--disable-usage-stats", f"--num-cpus={cpus}", "--num-gpus=0"]
        # A session of their own, as on machines of their own: Ray unpacks a job's files on every node.
        scratch = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # sockets below it: their paths must be short
        own.append(f"--temp-dir={scratch}")
        log = (self.folder / f"node_{len(self.nodes)}.log").open("wb")
        self._scratch.append(scratch)
        environment = {**os.environ, **self.environ, "RAY_AUTH_MODE": "disabled", "RAY_raylet_start_wait_time_s": "180"}
        # As where Ray is started by its full path: `python` is not ours.
        others = [folder for folder in environment["PATH"].split(os.pathsep) if Path(folder) != Path(RAY).parent]
        environment["PATH"] = os.pathsep.join(others)
        return subprocess.Popen(
            [self.ray, "start", "--block", *arguments, *own],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def _wait_for_nodes(self, number: int) -> None:
        from ray._private.state import GlobalState  # what `ray status` asks, without joining the cluster
        from ray._raylet import GcsClientOptions  # type: ignore[attr-defined]

        end_s = time.monotonic() + _START_S
        while time.monotonic() < end_s:
            for node in self.nodes[-1:]:
                if node.poll() is not None:
                    raise AssertionError(self._log(len(self.nodes) - 1))
            with contextlib.suppress(Exception):  # not up yet
                state = GlobalState()
                state._initialize_global_state(GcsClientOptions.create(f"127.0.0.1:{self.port}", None, True, True))
                if sum(bool(node["Alive"]) for node in state.node_table()) >= number:
                    return
            time.sleep(0.5)
        raise AssertionError(f"no {number} nodes after {_START_S} s\n{self._log(0)}")

    def _log(self, number: int) -> str:
        return (self.folder / f"node_{number}.log").read_text(errors="replace")[-4000:]


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
