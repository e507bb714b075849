"""The files of a run's folder by name: the only place that spells them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CONFIG = "config.yaml"
STATE = "state.json"
SWEEP = "sweep.yaml"  # of a sweep alone
ONNX, REPORT = "onnx", "report"
CHECKPOINT = "spacetime.json"  # of a checkpoint: see `CheckpointCard`
CURRICULUM = "curriculum.json"  # beside it, where there are lessons
_NUMBERED = re.compile(r"checkpoint_(\d+)")


@dataclass(frozen=True, slots=True)
class RunPaths:
    """Where everything of the run in a folder is, or would be."""

    path: Path

    @property
    def config(self) -> Path:
        """The run's configuration, every size settled."""
        return self.path / CONFIG

    @property
    def sweep(self) -> Path:
        """The sweep that it is, where it is one."""
        return self.path / SWEEP

    @property
    def spec(self) -> Path:
        """What the game declared."""
        return self.path / "spec.json"

    @property
    def versions(self) -> Path:
        """What the run is made with."""
        return self.path / "versions.json"

    @property
    def state(self) -> Path:
        """How the run stands."""
        return self.path / STATE

    @property
    def lock(self) -> Path:
        """Held by the process that the run belongs to, for as long as that lives."""
        return self.path / ".lock"

    @property
    def results(self) -> Path:
        """The public metrics of every iteration of every trial, a line each."""
        return self.path / "progress.jsonl"

    @property
    def onnx(self) -> Path:
        """The exported policies."""
        return self.path / ONNX

    @property
    def logs(self) -> Path:
        """What the games and everybody else printed."""
        return self.path / "logs"

    @property
    def output_log(self) -> Path:
        """What Ray and libraries printed."""
        return self.logs / "output.log"

    @property
    def traceback_log(self) -> Path:
        """The lines of the user's code that led to the error which ended the run."""
        return self.logs / "traceback.log"

    @property
    def evaluation_logs(self) -> Path:
        """The logs of the games that the evaluation played."""
        return self.logs / "evaluation"

    @property
    def tune(self) -> Path:
        """Tune's files: its state, and the trials with their checkpoints."""
        return self.path / "tune"

    @property
    def report(self) -> Path:
        """Summary, evaluation and pictures."""
        return self.path / REPORT

    @property
    def summary(self) -> Path:
        """The summary as JSON."""
        return self.report / "summary.json"

    @property
    def summary_page(self) -> Path:
        """The summary as Markdown."""
        return self.report / "summary.md"

    @property
    def evaluation(self) -> Path:
        """The reports of all players, as JSON."""
        return self.report / "evaluation.json"

    def report_of(self, name: str) -> Path:
        """The folder of another report, such as of a later evaluation."""
        return self.report / name


def is_run(folder: Path) -> bool:
    """Whether a folder is a run's."""
    return (folder / STATE).is_file() or (folder / CONFIG).is_file()


def run_around(path: Path) -> Path | None:
    """The folder of the run that a file or a folder lies in."""
    return next((folder for folder in path.absolute().parents if is_run(folder)), None)


def trial_folder(trial_id: str) -> str:
    """The name of a trial's folder, in Tune's."""
    return f"trial_{trial_id}"


def checkpoint_number(folder: Path) -> int | None:
    """The number of a checkpoint's folder; None where the folder has another name."""
    match = _NUMBERED.fullmatch(folder.name)
    return int(match[1]) if match else None


def checkpoints_in(folder: Path) -> Iterator[Path]:
    """The folders of the numbered checkpoints below a folder."""
    for manifest in folder.rglob(f"checkpoint_*/{CHECKPOINT}"):
        if checkpoint_number(manifest.parent) is not None:
            yield manifest.parent


def onnx_file(folder: Path, policy: str) -> Path:
    """An exported policy."""
    return folder / f"{policy}.onnx"


def schema_file(folder: Path, policy: str) -> Path:
    """The schema of an exported policy, beside it."""
    return folder / f"{policy}.schema.json"


def schemas_in(folder: Path) -> list[Path]:
    """The schemas of all exported policies in a folder."""
    return sorted(folder.glob("*.schema.json"))


def file_name(name: str) -> str:
    """A name that is safe for a file or a folder."""
    return re.sub(r"[^\w.-]", "_", name)


def curves_file(report: Path, policy: str) -> Path:
    """The picture of a policy's learning curves."""
    return report / f"learning_{file_name(policy)}.png"
