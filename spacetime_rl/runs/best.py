"""The best checkpoint of a run: checkpoints that wait to be evaluated, what came of it, and the one that is kept.

A checkpoint becomes a candidate by a copy, as Tune deletes its own ones. A candidate that did better than all before it
becomes the best checkpoint of its trial; others are deleted. Every evaluation is a line of evaluations.jsonl.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from spacetime_rl.errors import UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.runs.layout import CHECKPOINT, RunPaths, run_around
from spacetime_rl.runs.locate import find_folder

_BEST = "agent_steps_"  # the agent steps follow; unlike `checkpoint_`, no other command takes it for a run's latest one
_WAITING = re.compile(r"\.waiting-(?P<steps>\d+)-(?P<iteration>\d+)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A copy of a checkpoint that waits to be evaluated."""

    trial_id: str
    agent_steps: int
    iteration: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of the evaluation of a checkpoint. Of two scores the larger is better; the first number counts most.

    `figures` are means over the agents that learn: `success_rate`, `return_mean`, `length_mean`; None where unknown.
    `policies` has the same by policy. `cpu_s` are the seconds of processor time that the evaluation took.
    """

    trial_id: str
    agent_steps: int
    iteration: int
    score: tuple[float, ...]
    figures: Mapping[str, float | None]
    policies: Mapping[str, Mapping[str, float | None]]
    episodes: int
    seed: int
    cpu_s: float
    time_s: float
    timestamp: float

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The reverse of `asdict`; unknown keys are left out."""
        known = {name: data[name] for name in cls.__dataclass_fields__}
        return cls(**{**known, "score": tuple(known["score"])})


def add_candidate(run: Path, trial_id: str, agent_steps: int, iteration: int, checkpoint: Path) -> Candidate:
    """Copy a checkpoint, by hard links where the file system has them. Raises OSError."""
    trial = RunPaths(run).best / trial_id
    folder = trial / f".waiting-{agent_steps}-{iteration}"
    partial = trial / f".partial-{agent_steps}"
    trial.mkdir(parents=True, exist_ok=True)
    for old in (partial, folder):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(checkpoint, partial, copy_function=_link)
    partial.rename(folder)
    return Candidate(trial_id, agent_steps, iteration, folder)


def waiting_candidates(run: Path) -> list[Candidate]:
    """The candidates that an earlier process of the run left behind, the oldest first."""
    found = []
    for folder in RunPaths(run).best.glob("*/.waiting-*"):
        match = _WAITING.fullmatch(folder.name)
        if match and (folder / CHECKPOINT).is_file():
            found.append(Candidate(folder.parent.name, int(match["steps"]), int(match["iteration"]), folder))
    return sorted(found, key=lambda one: one.agent_steps)


def drop(candidate: Candidate) -> None:
    """Delete a candidate."""
    shutil.rmtree(candidate.folder, ignore_errors=True)


def settle(run: Path, candidate: Candidate, judged: Judged) -> bool:
    """Record an evaluation, and keep the candidate if it is its trial's best; whether it is. Raises OSError."""
    before = best_of_trial(run, judged.trial_id)
    is_best = before is None or judged.score > before.score
    if is_best:
        place = best_folder(run, judged)
        shutil.rmtree(place, ignore_errors=True)
        candidate.folder.rename(place)
    line = to_json(asdict(judged)).encode() + b"\n"
    with RunPaths(run).judged.open("ab", buffering=0) as file:
        file.write(line)
    drop(candidate)
    _drop_others(run, judged.trial_id)
    return is_best


def read_judged(run: Path) -> list[Judged]:
    """All evaluations of a run's checkpoints in order; of those that a resumed run repeated, the later one."""
    found: dict[tuple[str, int], Judged] = {}
    for one in _lines(RunPaths(run).judged):
        found.pop((one.trial_id, one.agent_steps), None)
        found[one.trial_id, one.agent_steps] = one
    return list(found.values())


def best_of_trial(run: Path, trial_id: str) -> Judged | None:
    """The evaluation of the checkpoint that is kept as a trial's best; None if there is none."""
    kept = [one for one in read_judged(run) if one.trial_id == trial_id and best_folder(run, one).is_dir()]
    return max(kept, key=lambda one: (one.score, -one.agent_steps), default=None)


def best_of_run(run: Path) -> Judged | None:
    """The best of all trials' best checkpoints; None if none was evaluated."""
    trials = {one.trial_id for one in read_judged(run)}
    found = [best for trial in sorted(trials) if (best := best_of_trial(run, trial)) is not None]
    return max(found, key=lambda one: (one.score, -one.agent_steps), default=None)


def best_folder(run: Path, judged: Judged) -> Path:
    """The folder of the checkpoint of an evaluation, if it is kept."""
    return RunPaths(run).best / judged.trial_id / f"{_BEST}{judged.agent_steps}"


def find_best(where: str | Path, results: Path) -> Path:
    """The folder of the best checkpoint of a run, a sweep or a trial, named as for `find_folder`.

    Raises UsageError if there is none.
    """
    folder = find_folder(where, results).absolute()
    run = folder if RunPaths(folder).judged.is_file() or RunPaths(folder).state.is_file() else run_around(folder)
    best = None
    if run == folder:
        best = best_of_run(folder)
    elif run is not None:
        trials = {one.trial_id for one in read_judged(run)}
        best = next((best_of_trial(run, trial) for trial in trials if trial and trial in folder.name), None)
    if best is None or run is None:
        raise UsageError(
            f"{where}: has no best checkpoint: none was evaluated while it trained; set evaluation.every_agent_steps, "
            "or leave out --best to take the latest checkpoint"
        )
    return best_folder(run, best)


def _drop_others(run: Path, trial_id: str) -> None:
    """Delete the checkpoints of a trial that are not its best, also one that a killed process left."""
    best = best_of_trial(run, trial_id)
    for folder in (RunPaths(run).best / trial_id).glob(f"{_BEST}*"):
        if best is None or folder != best_folder(run, best):
            shutil.rmtree(folder, ignore_errors=True)


def _lines(file: Path) -> Iterator[Judged]:
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        try:
            yield Judged.from_dict(json.loads(line))
        except (ValueError, KeyError, TypeError):  # the machine went down while the line was written
            continue


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
