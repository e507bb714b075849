"""An MLflow server and a PostgreSQL on this machine, which tests may stop, kill and start again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest

from support.ports import free_port

PASSWORD = "correct-horse"


class Server:
    """An MLflow server that can be stopped and started again on the same port.

    `options` are those of `mlflow server` beside host and port; without them it keeps all in SQLite and a folder.
    """

    def __init__(self, folder: Path, options: Sequence[str] | None = None) -> None:
        self.port = free_port()
        self.uri = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = options or [
            *("--backend-store-uri", f"sqlite:///{folder}/server.db", "--workers", "1"),
            *("--artifacts-destination", str(folder / "files")),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--host=127.0.0.1", f"--port={self.port}", *self._options]
        environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env=environment, cwd=self._folder, start_new_session=True
            )
        wait_until(lambda: self.answers() or self._has_ended(), timeout_s=180)
        assert not self._has_ended(), (self._folder / "server.log").read_text()[-4000:]

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2):
                return True
        except OSError:
            return False

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


class Postgres:
    """A PostgreSQL with an empty database and a user with a password, all three called as in compose.yaml."""

    def __init__(self) -> None:
        self.port = free_port()
        self._programs = _postgres_programs()
        # PostgreSQL refuses to be root, and whoever it is instead cannot look into pytest's folders.
        self._user = "nobody" if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        if self._user:
            shutil.chown(self._folder, self._user)
        (self._folder / "password").write_text(PASSWORD)
        (self._folder / "password").chmod(0o644)
        options = ["--username=mlflow", "--pwfile=password", "--auth=scram-sha-256", "--encoding=UTF8"]
        self._run("initdb", "-D", "data", *options).wait()
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        self._process = self._run(
            "postgres", "-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder)
        )
        wait_until(self._has_database, timeout_s=60)

    def kill(self) -> None:
        """SIGKILL for all of its processes at once, as when its machine loses power."""
        if self._process is not None:
            family = [self._process, *self._process.children(recursive=True)]
            for process in family:
                process.kill()
            psutil.wait_procs(family, timeout=30)
            self._process = None

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    def _has_database(self) -> bool:
        import psycopg2  # type: ignore[import-untyped]

        try:
            connection = psycopg2.connect(
                host="127.0.0.1", port=self.port, user="mlflow", password=PASSWORD, dbname="postgres"
            )
        except psycopg2.OperationalError:
            return False
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'mlflow'")
            if not cursor.fetchone():
                cursor.execute("CREATE DATABASE mlflow")
        connection.close()
        return True

    def _run(self, program: str, *arguments: str) -> psutil.Popen:
        with (self._folder / "log").open("ab") as log:
            return psutil.Popen(
                [str(self._programs / program), *arguments],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=self._user,
                extra_groups=[] if self._user else None,
            )


def _postgres_programs() -> Path:
    """The folder with `initdb` and `postgres`, which Debian keeps off the PATH; skips the test where there is none."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not found:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    return found[-1]


def wait_until(condition: Callable[[], bool], timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()
