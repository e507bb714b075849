"""Removes the folder of a run: nothing of a run that is going on, and nothing that is not a run's."""

from __future__ import annotations

import os
import shutil

from spacetime_rl.errors import UsageError
from spacetime_rl.runs.read import RunRecord
from spacetime_rl.runs.state import is_owned


def check_removable(run: RunRecord) -> None:
    """Raises UsageError where a process works on the run, or its folder is a link to another."""
    if is_owned(run.folder):
        raise UsageError(
            f"{run.run_id}: is still going on, in process {run.state.pid if run.state else '?'}; end that first"
        )
    if run.folder.is_symlink():
        raise UsageError(f"{run.run_id}: is a link to {run.folder.resolve()}; remove that, or the link by itself")


def remove(run: RunRecord) -> None:
    """Remove a run's folder with all its checkpoints, or leave it whole. Raises UsageError."""
    check_removable(run)
    doomed = run.folder.with_name(f".{run.run_id}.removed-{os.getpid()}")
    try:
        run.folder.rename(doomed)  # at once: a half that looks like a run would be worse than none
        shutil.rmtree(doomed)
    except OSError as error:
        raise UsageError(f"{run.run_id}: cannot be removed from {run.folder.parent}: {error.strerror}") from error
