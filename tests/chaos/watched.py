"""A training process under watch: when each result came, which processes it has, and what is left when it ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
from support.command import PROGRAM
from support.leftovers import MARK, is_godot, marked_with

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A line of `progress.jsonl`, and when it was there (monotonic seconds)."""

    at_s: float
    result: Mapping[str, Any]

    @property
    def agent_steps(self) -> int:
        """All agents' steps so far."""
        return int(self.result["agent_steps"])


class Progress:
    """Follows a run's `progress.jsonl` in a thread of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._arrivals: list[Arrival] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def arrivals(self) -> list[Arrival]:
        """All results so far."""
        return list(self._arrivals)

    def after(self, since_s: float, timeout_s: float = 180.0) -> Arrival:
        """The first result that came after a moment."""
        return wait_for(lambda: next((x for x in self._arrivals if x.at_s > since_s), None), timeout_s, "a result")

    def reach(self, agent_steps: int, timeout_s: float = 240.0) -> Arrival:
        """The first result of at least so many agent steps."""
        found = lambda: next((x for x in self._arrivals if x.agent_steps >= agent_steps), None)  # noqa: E731
        return wait_for(found, timeout_s, f"{agent_steps} agent steps")

    def close(self) -> None:
        """Read what is left and end the thread."""
        self._over.set()
        self._thread.join()

    def _follow(self) -> None:
        seen = 0
        over = False
        while not over:
            over = self._over.wait(0.05)
            lines = self._file.read_text(encoding="utf-8").split("\n")[:-1] if self._file.is_file() else []
            now_s = time.monotonic()
            self._arrivals += [Arrival(now_s, json.loads(line)) for line in lines[seen:]]
            seen = len(lines)


class WatchedRun:
    """`spacetime-rl VERB ...` in a folder, with its progress and its processes, which all carry a mark."""

    def __init__(self, folder: Path, run_id: str = "one") -> None:
        self.folder = folder
        self.run = folder / "results" / run_id
        self.mark = f"{folder}/{run_id}"
        self.progress = Progress(self.run / "progress.jsonl")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start it; its output goes to a file in the folder."""
        environment = {**os.environ, MARK: self.mark, "PYTHONUNBUFFERED": "1"}
        with (self.folder / f"{self.run.name}.out").open("ab") as out:
            self._process = subprocess.Popen(
                [*PROGRAM, *arguments], cwd=self.folder, stdout=out, stderr=out, env=environment, start_new_session=True
            )

    @property
    def pid(self) -> int:
        """Of the command itself."""
        assert self._process is not None
        return self._process.pid

    def wait(self, timeout_s: float = 300.0) -> int:
        """The exit code."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def output(self) -> str:
        """What it has printed so far."""
        return (self.folder / f"{self.run.name}.out").read_text(errors="replace")

    def processes(self, *words: str) -> list[psutil.Process]:
        """Its living processes whose title has one of these words."""
        return [process for process in marked_with(self.mark) if any(word in title(process) for word in words)]

    def games(self) -> list[psutil.Process]:
        """Its running games."""
        return [process for process in self.processes("--headless") if is_godot(process)]

    def runners(self) -> list[psutil.Process]:
        """Its env runners."""
        return self.processes("EnvRunner")

    def close(self) -> None:
        """Nothing of it is left after this."""
        self.progress.close()
        for process in marked_with(self.mark):
            strike(process, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()


def title(process: psutil.Process) -> str:
    """Command line of a process, which Ray makes the name of the actor."""
    try:
        return " ".join(process.cmdline()) if process.status() != psutil.STATUS_ZOMBIE else ""
    except psutil.Error:
        return ""


def strike(process: psutil.Process, number: signal.Signals) -> float:
    """Send a signal; when, in monotonic seconds."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
    return time.monotonic()


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs still; a zombie does not."""
    return process.is_running() and bool(title(process))


def gone_after_s(processes: Sequence[psutil.Process], since_s: float, timeout_s: float = 30.0) -> float:
    """How long after a moment the last of them had ended."""
    wait_for(lambda: not any(map(is_alive, processes)) or None, timeout_s, f"the end of {processes}")
    return time.monotonic() - since_s


def wait_for(find: Callable[[], Found | None], timeout_s: float, what: str) -> Found:
    """Ask until there is an answer. Raises AssertionError at the deadline."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if (found := find()) is not None:
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout_s:g} s in vain for {what}")
