"""What a baseline is made of: finished trainings of one configuration, each with its seed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.config import RunConfig, load
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.runs.locate import find_checkpoint
from spacetime_rl.runs.shipped import WEIGHTS, Baseline


@dataclass(frozen=True, slots=True)
class TrainedRun:
    """A finished training: its checkpoint, its configuration with all sizes settled, and what it took.

    `wall_s` and `cpu_s` are seconds; the latter is None where it was not measured.
    """

    folder: Path
    checkpoint: Path
    config: RunConfig
    agent_steps: int
    wall_s: float
    versions: Mapping[str, str]
    cpu_s: float | None = None

    @property
    def seed(self) -> int:
        """The seed that it was trained with."""
        return self.config.seed

    @classmethod
    def read(cls, folder: Path) -> TrainedRun:
        """Read a run's folder. Raises UsageError if the run is not finished."""
        paths = RunPaths(folder)
        if not paths.summary.is_file():
            raise UsageError(f"{folder}: has no report/summary.json: name a run that came to its end")
        found = json.loads(paths.summary.read_text(encoding="utf-8"))
        if found["interrupted"]:
            raise UsageError(f"{folder}: was interrupted; continue it first: spacetime-rl train --resume {folder}")
        latest = find_checkpoint(folder, folder.parent)
        return cls(folder, latest, load(paths.config), found["agent_steps"], found["training_s"], read_versions(folder))

    def export(self, workspace: Path) -> Path:
        """Write the checkpoint's policies to `workspace`, as ONNX files and weights; returns the folder."""
        from spacetime_rl.export.checkpoint import read_checkpoint  # torch takes seconds to import
        from spacetime_rl.export.onnx import export_checkpoint
        from spacetime_rl.export.weights import save_weights

        export_checkpoint(self.checkpoint, workspace)
        checkpoint = read_checkpoint(self.checkpoint)
        for policy in checkpoint.policies:
            save_weights(checkpoint.load_module(policy), workspace / f"{policy}{WEIGHTS}")
        return workspace


@dataclass(frozen=True, slots=True)
class ShippedTraining(TrainedRun):
    """The training of a baseline that comes with the package, whose policies are judged by another task."""

    files: tuple[str, ...] = ()  # of its policies

    @classmethod
    def read_shipped(cls, baseline: Baseline) -> ShippedTraining:
        """The training of a baseline's shipped seed."""
        training = baseline.document["training"]
        return cls(
            folder=baseline.folder,
            checkpoint=baseline.folder,
            config=baseline.config,
            agent_steps=training["agent_steps"],
            wall_s=training["wall_time_s"],
            versions=baseline.document.get("versions", {}),
            cpu_s=training.get("cpu_time_s"),
            files=tuple(file for policy in baseline.document["policies"].values() for file in policy.values()),
        )

    def export(self, workspace: Path) -> Path:
        """Copy the baseline's policies to `workspace`; returns the folder."""
        workspace.mkdir(parents=True)
        for file in self.files:
            shutil.copyfile(self.folder / file, workspace / file)
        return workspace


def read_versions(folder: Path) -> dict[str, str]:
    """The versions that a run was made with; empty if it did not record them."""
    file = RunPaths(folder).versions
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found
