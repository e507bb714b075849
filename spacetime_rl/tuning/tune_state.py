"""Protects Tune's own state of a run.

Tune writes the state in place, and begins anew without a message if it cannot read it. A full disk or a crash during a
write would cost the whole run.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ray.tune import Callback, ResumeConfig

from spacetime_rl.errors import ResumeError
from spacetime_rl.runs.folder import RunFolder

_PERIOD = "TUNE_GLOBAL_CHECKPOINT_S"
_TRIALS_A_SECOND = 10  # a trial's state is about 300 kB, which the driver process writes as JSON
KEPT = ".kept"  # suffix of the copies of Tune's files
_STATE = "experiment_state-*.json"
_RESUME = ResumeConfig(unfinished=ResumeConfig.ResumeType.RESUME, errored=ResumeConfig.ResumeType.RESUME)


@contextlib.contextmanager
def saved_often(trials: int) -> Iterator[None]:
    """Have Tune save its state every second, with more than ten trials less frequently; the user's own setting wins."""
    if _PERIOD in os.environ:
        yield
        return
    os.environ[_PERIOD] = f"{max(1.0, trials / _TRIALS_A_SECOND):g}"
    try:
        yield
    finally:
        del os.environ[_PERIOD]


def can_resume(folder: RunFolder) -> bool:
    """Whether Tune has saved anything of this run. A run that stopped before that begins again."""
    return any(folder.paths.tune.glob(_STATE)) or any(folder.paths.tune.glob(_STATE + KEPT))


def resume_config(folder: RunFolder, resume: bool) -> ResumeConfig | None:
    """How Tune resumes a run; None if it should not or cannot. Restores truncated files. Raises ResumeError."""
    if not resume or not can_resume(folder):
        return None
    for kept in folder.paths.tune.glob(f"*{KEPT}"):
        file = kept.with_name(kept.name.removesuffix(KEPT))
        if not _is_whole(file):
            shutil.copyfile(kept, file)
    newest = max(folder.paths.tune.glob(_STATE))
    if not _is_whole(newest):
        raise ResumeError(
            f"{folder.run_id}: {newest} was cut short, so it is not known how far the run came; its checkpoints are in "
            "that folder: begin another run with one of them, by `initialize_from:`"
        )
    return _RESUME


class StateKeeper(Callback):  # type: ignore[misc]  # ray has no types
    """Keeps a copy of each complete state that Tune saves; only a complete copy replaces an older one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, int] = {}

    def on_step_end(self, *, trials: Sequence[Any], **_: Any) -> None:
        """Copy new state files from Tune's staging folder, where they are complete before Tune copies them."""
        if not trials:
            return
        for file in Path(trials[0].storage.experiment_driver_staging_path).glob("*.*"):
            if file.suffix not in (".json", ".pkl") or self._seen.get(file.name) == file.stat().st_mtime_ns:
                continue
            self._seen[file.name] = file.stat().st_mtime_ns
            partial = self._folder / f".{file.name}.partial"
            with contextlib.suppress(OSError):  # on a full disk, writing the results fails, too, and reports it
                shutil.copyfile(file, partial)
                partial.replace(self._folder / (file.name + KEPT))


def _is_whole(file: Path) -> bool:
    try:
        content = file.read_bytes()
        json.loads(content) if file.suffix == ".json" else pickle.loads(content)
    except Exception:  # any exception that unpickling a truncated file raises
        return False
    return True
