"""The baselines of the package: a folder each with its ONNX files, their schemas, their weights and `baseline.json`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import UsageError

BASELINES = Path(__file__).resolve().parent.parent / "baselines"
FILE = "baseline.json"
SCHEMA_VERSION = 1
TRAINED = "trained"
WEIGHTS = ".weights.npz"  # after the policy's name
SOURCES = (TRAINED, "heuristic", "random")  # whose reports every baseline has


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline: its folder and what its `baseline.json` says."""

    name: str
    folder: Path
    document: Mapping[str, Any]

    @property
    def scenario(self) -> str:
        """The scenario it plays."""
        return str(self.document["scenario"])

    @property
    def policies(self) -> tuple[str, ...]:
        """Its policies, each `<policy>.onnx` in the folder."""
        return tuple(self.document["policies"])

    def weights(self, policy: str) -> Path:
        """The file of a policy's whole network, for training to go on from. Raises UsageError if it came without."""
        file = self.document["policies"][policy].get("weights")
        if file is None:
            raise UsageError(f"{self.name}: this baseline holds no weights of {policy} to go on from; make it again")
        return self.folder / str(file)

    @property
    def config(self) -> RunConfig:
        """What it was trained with and judged on."""
        return RunConfig.model_validate(self.document["config"])

    @property
    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        """`EvalReport.to_dict()` by who played: `SOURCES` in that order, then, of adversaries, `against_heuristics`."""
        found: Mapping[str, Mapping[str, Any]] = self.document["reports"]
        return found


def against_heuristics(policy: str, policies: Sequence[str]) -> str:
    """What the report of a trained policy that meets the heuristics of all the others is called."""
    return ", ".join([TRAINED, *(f"{other}=heuristic" for other in policies if other != policy)])


def require_writable(root: Path = BASELINES) -> None:
    """Raises UsageError where this user may not add to the package: before an hour of training, not after it."""
    if not os.access(root, os.W_OK):
        raise UsageError(
            f"baseline: {root} may not be written by this user; baselines are made in a checkout of the package "
            "(`make setup`), and `spacetime-rl train` keeps policies in your own results"
        )


def baseline_names(root: Path = BASELINES) -> list[str]:
    """Names of the baselines there are: of the configurations that they were trained with."""
    return sorted(file.parent.relative_to(root).as_posix() for file in root.rglob(FILE))


def read_baseline(name: str, root: Path = BASELINES) -> Baseline:
    """A baseline by its name. Raises UsageError with the known names, or if its file cannot be read."""
    known = baseline_names(root)
    if name not in known:
        hint = did_you_mean(name, known) or (f"; there are {', '.join(known)}" if known else "; there is none yet")
        raise UsageError(f"{name!r}: there is no such baseline{hint}; `spacetime-rl baseline CONFIG` makes one")
    file = root / name / FILE
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        version = document["schema_version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: cannot be read: {type(error).__name__}: {error}") from error
    if version != SCHEMA_VERSION:
        raise UsageError(f"{file}: schema_version {version}, this version reads {SCHEMA_VERSION}; make it again")
    return Baseline(name, root / name, document)


def read_baselines(root: Path = BASELINES) -> list[Baseline]:
    """All baselines."""
    return [read_baseline(name, root) for name in baseline_names(root)]
