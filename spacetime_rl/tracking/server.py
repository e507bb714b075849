"""Serve the pages of a local store with MLflow's own server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from spacetime_rl.errors import SpacetimeError, UsageError
from spacetime_rl.tracking.store import Store

HOST = "127.0.0.1"  # this machine only: MLflow's server has no authentication
FIRST_PORT = 5000  # MLflow's own default
_PORTS = 50  # that are tried, from `FIRST_PORT`
_START_S = 300.0  # a start takes seconds, but many of them on a machine that trains
_END_S = 10.0  # to end by themselves, before processes are killed
# MLflow's queue of background jobs serves language models, and only delays the start.
_ENVIRONMENT = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}


def free_port(wanted: int | None = None) -> int:
    """A free port of this machine: `wanted`, or the first free one from 5000. Raises UsageError if there is none."""
    ports = range(FIRST_PORT, FIRST_PORT + _PORTS) if wanted is None else [wanted]
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind((HOST, port))
                return port
    if wanted is None:
        raise UsageError(f"ui: ports {FIRST_PORT} to {FIRST_PORT + _PORTS - 1} are all taken; name one with --port")
    raise UsageError(f"ui: port {wanted} is taken; name another with --port, or leave it out to take a free one")


@contextmanager
def served(store: Store, port: int, log: Path) -> Iterator[str]:
    """Serve the store's pages and yield their address once they answer.

    Raises SpacetimeError if the server ends or does not answer in time.
    """
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", store.uri]
    command += ["--host", HOST, "--port", str(port), "--workers", "1"]
    if store.artifacts:
        command += ["--default-artifact-root", store.artifacts.as_uri()]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**_ENVIRONMENT, **os.environ},
            start_new_session=True,  # Ctrl-C must reach only this process, which then ends the server
        )
    try:
        address = f"http://{HOST}:{port}"
        _wait(server, address, log)
        yield address
    finally:
        _end(server)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        if server.poll() is not None:
            raise SpacetimeError(f"MLflow's server ended with code {server.returncode}; its log ends:\n{_tail(log)}")
        with suppress(URLError, OSError), urlopen(f"{address}/health", timeout=5) as answer:
            if answer.status == 200:
                return
        if time.monotonic() > deadline:
            raise SpacetimeError(
                f"MLflow's server did not answer at {address} within {_START_S:g} s; its log ends:\n{_tail(log)}"
            )
        time.sleep(0.2)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server with its worker processes."""
    with suppress(psutil.NoSuchProcess):
        ours = [*psutil.Process(server.pid).children(recursive=True), psutil.Process(server.pid)]
        for process in ours:
            with suppress(psutil.Error):
                process.terminate()
        for process in psutil.wait_procs(ours, _END_S)[1]:
            with suppress(psutil.Error):
                process.kill()
    server.wait()


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])
