"""The package's baselines: one folder each, with ONNX files, their schemas, their weights and `baseline.json`."""

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
PREFIX = "baseline:"  # before the name of a baseline, where a run or a folder may be named as well
SCHEMA_VERSION = 2
READABLE = (1, 2)  # version 1 knows one seed, and compares nothing
OVERALL = "overall"  # the row of all policies together, where they do not play against each other
TRAINED, SCRIPTED, RANDOM = "trained", "heuristic", "random"
WEIGHTS = ".weights.npz"  # follows the policy's name
SOURCES = (TRAINED, SCRIPTED, RANDOM)  # every baseline has a report of each of these players


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline: its folder and the contents of its `baseline.json`."""

    name: str
    folder: Path
    document: Mapping[str, Any]

    @property
    def scenario(self) -> str:
        """The scenario that the baseline plays."""
        return str(self.document["scenario"])

    @property
    def policies(self) -> tuple[str, ...]:
        """The baseline's policies, each `<policy>.onnx` in the folder."""
        return tuple(self.document["policies"])

    def weights(self, policy: str) -> Path:
        """The file of a policy's whole network, for a warm start. Raises UsageError if the baseline has no weights."""
        file = self.document["policies"][policy].get("weights")
        if file is None:
            raise UsageError(f"{self.name}: this baseline holds no weights of {policy} to go on from; make it again")
        return self.folder / str(file)

    @property
    def config(self) -> RunConfig:
        """The configuration that the baseline was trained with and evaluated on."""
        return RunConfig.model_validate(self.document["config"])

    @property
    def reports(self) -> Mapping[str, Mapping[str, Any]]:
        """`EvalReport.to_dict()` by player: first `SOURCES`, in that order.

        Adversarial policies also have a report under `against_heuristics`.
        """
        found: Mapping[str, Mapping[str, Any]] = self.document["reports"]
        return found

    @property
    def is_adversarial(self) -> bool:
        """Whether the baseline's policies play against each other, so that each of them is judged by itself."""
        return len(self.reports) > len(SOURCES)

    @property
    def rows(self) -> tuple[str, ...]:
        """What is judged: OVERALL, or each of the policies that play against each other."""
        return self.policies if self.is_adversarial else (OVERALL,)

    @property
    def is_held_out(self) -> bool:
        """Whether it is reported on test episodes, and compared with the script on them; version 1 is not."""
        return "differences" in self.document

    @property
    def seeds(self) -> Sequence[Mapping[str, Any]]:
        """What each trained seed reached and took, one of which is shipped; of version 1 only the latter is known."""
        if "seeds" in self.document:
            found: Sequence[Mapping[str, Any]] = self.document["seeds"]
            return found
        training = self.document["training"]
        return [{"seed": self.document["config"].get("seed", 0), "shipped": True, **training}]


def against_heuristics(policy: str, policies: Sequence[str], player: str = TRAINED) -> str:
    """The name of the report of a policy of `player` that plays against the heuristics of all other policies."""
    return ", ".join([player, *(f"{other}={SCRIPTED}" for other in policies if other != policy)])


def require_writable(root: Path = BASELINES) -> None:
    """Raise UsageError if this user cannot write to the package: checked before an hour of training, not after it."""
    if not os.access(root, os.W_OK):
        raise UsageError(
            f"baseline: {root} may not be written by this user; baselines are made in a checkout of the package "
            "(`make setup`), and `spacetime-rl train` keeps policies in your own results"
        )


def baseline_names(root: Path = BASELINES) -> list[str]:
    """The names of all baselines, which are the names of the configurations that they were trained with."""
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
    if version not in READABLE:
        readable = " and ".join(map(str, READABLE))
        raise UsageError(f"{file}: schema_version {version}, this version reads {readable}; make it again")
    return Baseline(name, root / name, document)


def read_baselines(root: Path = BASELINES) -> list[Baseline]:
    """All baselines."""
    return [read_baseline(name, root) for name in baseline_names(root)]
