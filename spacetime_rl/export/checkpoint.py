"""Read a checkpoint of a run: its configuration, the game's spec and the policies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from spacetime_rl import __version__
from spacetime_rl.config import RunConfig
from spacetime_rl.config.words import did_you_mean
from spacetime_rl.errors import CheckpointError, UsageError
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.runs.checkpoint import FORMAT
from spacetime_rl.runs.layout import CHECKPOINT

if TYPE_CHECKING:
    from spacetime_rl.modules.acting import ActingModule

_MODULES = Path("learner_group", "learner", "rl_module")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint folder and the contents of its `spacetime.json`."""

    path: Path
    run_id: str
    iteration: int
    versions: dict[str, str]
    config: RunConfig
    spec: GameSpec

    @property
    def policies(self) -> tuple[str, ...]:
        """The names of the policies in the checkpoint."""
        return tuple(sorted(path.parent.name for path in (self.path / _MODULES).glob("*/class_and_ctor_args.pkl")))

    def choose(self, policies: Sequence[str] | None) -> tuple[str, ...]:
        """Return `policies`, or all policies if there are none, but for those that a script played.

        Raises UsageError for a policy that the checkpoint lacks, or that a script played: its network is as it was.
        """
        trained = tuple(name for name in self.policies if name not in self.config.scripted)
        for name in policies or ():
            if name not in self.policies:
                hint = did_you_mean(name, self.policies) or f"; there are {', '.join(self.policies)}"
                raise UsageError(f"{self.path}: no policy {name!r}{hint}")
            if name not in trained:
                raise UsageError(
                    f"{self.path}: a script played {name!r} (policies.{name}.scripted), and its network has learned "
                    f"nothing; expected {', '.join(trained)}"
                )
        return tuple(policies or trained)

    def module_folder(self, policy: str) -> Path:
        """The folder in which RLlib saves the state of a policy's module."""
        return (self.path / _MODULES / policy).absolute()

    def load_module(self, policy: str) -> ActingModule:
        """Load a policy's module with its trained weights and normaliser statistics. Raises CheckpointError."""
        from spacetime_rl.modules.acting import ActingModule

        try:
            module = ActingModule.from_checkpoint(self.module_folder(policy))
        except Exception as error:  # unpickling another version's classes can fail in any way
            raise CheckpointError(
                f"{self.path}: the policy {policy!r} cannot be read ({type(error).__name__}: {error}); "
                f"the checkpoint was written with {_listed(self.versions)}, this is spacetime-rl {__version__}"
            ) from error
        if not isinstance(module, ActingModule):
            raise CheckpointError(
                f"{self.path}: the policy {policy!r} is a {type(module).__name__}, not an ActingModule"
            )
        return module


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint's metadata. Raises CheckpointError if it is missing, malformed or of another format."""
    document = _load(path / CHECKPOINT)
    found = document.get("format")
    if found != FORMAT:
        raise CheckpointError(
            f"{path / CHECKPOINT}: format {found!r}, written with {_listed(document.get('versions') or {})}; "
            f"spacetime-rl {__version__} reads format {FORMAT}: use the version that wrote it"
        )
    try:
        return Checkpoint(
            path=path,
            run_id=str(document["run_id"]),
            iteration=int(document["iteration"]),
            versions=dict(document["versions"]),
            config=RunConfig.model_validate(document["config"]),
            spec=GameSpec.from_dict(document["spec"]),
        )
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise CheckpointError(f"{path / CHECKPOINT}: malformed: {type(error).__name__}: {error}") from error


def _load(manifest: Path) -> dict[str, Any]:
    try:
        document = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{manifest.parent}: has no {manifest.name}, so it is no checkpoint of a run") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{manifest}: unreadable: {error}") from error
    if not isinstance(document, dict):
        raise CheckpointError(f"{manifest}: malformed: not a JSON object")
    return document


def _listed(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "unknown versions"
