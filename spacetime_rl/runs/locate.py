"""Find the checkpoint that a user names by a run, a trial or a folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import CHECKPOINT, RunPaths, checkpoint_number, checkpoints_in, is_run, run_around
from spacetime_rl.runs.state import read_state

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint folder and its number."""

    path: Path
    number: int

    @property
    def trial(self) -> Path:
        """The folder of the checkpoint's trial."""
        return self.path.parent


def find_checkpoint(where: str | Path, results: Path, number: int | None = None) -> Path:
    """The checkpoint folder of a run id, a trial id, or the folder of a run, a trial or a checkpoint.

    For a run or a trial it is the latest checkpoint, or the one with the given number. Raises UsageError that names
    what was looked for and what exists instead.
    """
    folder = find_folder(where, results)
    if (folder / CHECKPOINT).is_file():
        return _check_number(folder, number)
    found = _checkpoints(folder)
    if number is not None:
        found = _numbered(folder, found, number)
    if not found:
        raise UsageError(f"{folder}: holds no checkpoint; training writes the first after checkpoint.every_iterations")
    trials = sorted({checkpoint.trial for checkpoint in found})
    if len(trials) > 1:
        names = _listed(trial.name for trial in trials)
        raise UsageError(f"{folder}: {len(trials)} trials have such a checkpoint; name one: {names}")
    return max(found, key=lambda checkpoint: checkpoint.number).path


def onnx_folder(checkpoint: Path) -> Path:
    """The folder for a checkpoint's exported policies: `onnx` in its run's folder, or `./onnx` if it is in no run."""
    return RunPaths(run_around(checkpoint) or Path()).onnx


def find_folder(where: str | Path, results: Path) -> Path:
    """The folder of a run id, an unambiguous prefix of one, a trial id, a path, or `latest`: the run that began last.

    Raises UsageError if there is none, or several.
    """
    # A bare name is looked up as a run id first, then as a relative folder; a joined absolute path stays as it is.
    candidates = (results / where, Path(where))
    for candidate in candidates if len(Path(where).parts) == 1 else reversed(candidates):
        if candidate.is_dir():
            return candidate
    trials = [path for path in results.glob("*/tune/**/*") if path.is_dir() and _is_trial(path.name, str(where))]
    if len(trials) == 1:
        return trials[0]
    if trials:
        raise UsageError(
            f"{str(where)!r}: several trials are called that: {_listed(map(str, sorted(trials)))}; give a path"
        )
    runs = _runs(results)
    if str(where) == LATEST and runs:
        return results / max(runs, key=lambda name: runs[name])
    begun = [name for name in runs if str(where) and name.startswith(str(where))]
    if len(begun) == 1:
        return results / begun[0]
    if begun:
        raise UsageError(f"{str(where)!r}: several runs begin with that: {_listed(sorted(begun))}")
    there = f"the runs in {results} are {_listed(sorted(runs))}" if runs else f"there are no runs in {results}"
    raise UsageError(f"{str(where)!r}: neither a folder nor the id of a run or trial; {there}")


def _runs(results: Path) -> dict[str, float]:
    """The runs in a results folder by name, with the Unix time at which each began; 0 if that is unknown."""
    found: dict[str, float] = {}
    for path in results.iterdir() if results.is_dir() else ():
        state = read_state(path) if not path.name.startswith(".") else None
        if state is not None or is_run(path):
            found[path.name] = state.started if state else 0.0
    return found


def _is_trial(name: str, where: str) -> bool:
    return name == where or f"_{where}_" in f"_{name}_"


def _checkpoints(folder: Path) -> list[Found]:
    whole = (path for path in checkpoints_in(folder) if _is_whole(path))
    return [Found(path, checkpoint_number(path) or 0) for path in whole]


def _is_whole(checkpoint: Path) -> bool:
    """Whether no file of a checkpoint is empty: a full disk leaves empty files behind."""
    return all(file.stat().st_size for file in checkpoint.rglob("*") if file.is_file())


def _check_number(folder: Path, number: int | None) -> Path:
    if number is not None and checkpoint_number(folder) != number:
        raise UsageError(f"{folder}: is a checkpoint, but not number {number}; leave the number out or name its run")
    return folder


def _numbered(folder: Path, found: Sequence[Found], number: int) -> list[Found]:
    chosen = [checkpoint for checkpoint in found if checkpoint.number == number]
    if found and not chosen:
        numbers = sorted({checkpoint.number for checkpoint in found})
        raise UsageError(f"{folder}: no checkpoint {number}; there are {_listed(map(str, numbers))}")
    return chosen


def _listed(words: Iterable[str]) -> str:
    words = list(words)
    return ", ".join(words[:12]) + (f" and {len(words) - 12} more" if len(words) > 12 else "")
