"""The state of a run: its state.json, and whether the process that wrote it still runs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.host.system import is_locked
from spacetime_rl.runs.layout import RunPaths

DIED = "died"
UNDER_WAY = ("starting", "training", "trained")


@dataclass(frozen=True, slots=True)
class RunState:
    """The contents of state.json. `status` is `died` if the file says the run goes on, but its process is gone."""

    run_id: str
    status: str
    message: str
    pid: int
    started: float  # Unix time
    updated: float

    @property
    def resumable(self) -> bool:
        """Whether `--resume` can continue the run."""
        return self.status in (DIED, "interrupted", "failed")

    @property
    def is_over(self) -> bool:
        """Whether no process works on the run."""
        return self.status not in UNDER_WAY


def read_state(folder: Path) -> RunState | None:
    """The state of the run in a folder; None if there is none, or if it cannot be read."""
    try:
        found: dict[str, Any] = json.loads(RunPaths(folder).state.read_text(encoding="utf-8"))
        status, message = str(found["status"]), str(found.get("message", ""))
        pid, started, updated = int(found["pid"]), float(found["started"]), float(found["updated"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if status in UNDER_WAY and not is_owned(folder):
        message = f"process {pid} ended without a word while the run was {status} (killed, or the machine went down)"
        status = DIED
    return RunState(str(found.get("run_id", folder.name)), status, message, pid, started, updated)


def is_owned(folder: Path) -> bool:
    """Whether a process owns the run, on this machine or on another one that shares the folder."""
    return is_locked(RunPaths(folder).lock)
