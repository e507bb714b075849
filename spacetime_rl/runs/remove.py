"""Remove the folder of a run, unless a process works on it or the folder is a link."""

from __future__ import annotations

import os
import shutil

from spacetime_rl.errors import UsageError
from spacetime_rl.runs.read import RunRecord
from spacetime_rl.runs.state import is_owned


def check_removable(run: RunRecord) -> None:
    """Raise UsageError if a process works on the run, or if its folder is a link to another one."""
    if is_owned(run.folder):
        raise UsageError(
            f"{run.run_id}: is still going on, in process {run.state.pid if run.state else '?'}; end that first"
        )
    if run.folder.is_symlink():
        raise UsageError(f"{run.run_id}: is a link to {run.folder.resolve()}; remove that, or the link by itself")


def remove(run: RunRecord) -> None:
    """Remove a run's folder with all its checkpoints. Raises UsageError if it cannot be removed."""
    check_removable(run)
    doomed = run.folder.with_name(f".{run.run_id}.removed-{os.getpid()}")
    try:
        run.folder.rename(doomed)  # a rename is atomic: half a folder must not look like a run
        shutil.rmtree(doomed)
    except OSError as error:
        raise UsageError(f"{run.run_id}: cannot be removed from {run.folder.parent}: {error.strerror}") from error
