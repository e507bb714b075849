"""The description of a run before its first result: identity, configuration and origin."""

from __future__ import annotations

import getpass
import json
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from spacetime_rl.config.model import RunConfig
from spacetime_rl.runs.layout import RunPaths


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """A run or a sweep to record: a `single` run as one MLflow run, a sweep as a parent with a child for every trial.

    `folder` is `<results>/<run-id>`; `versions` maps package names to versions.
    """

    run_id: str
    config: RunConfig
    folder: Path
    versions: Mapping[str, str] = field(default_factory=dict)
    git_revision: str | None = None
    command: str = ""
    user: str = ""
    single: bool = False

    @property
    def experiment(self) -> str:
        """The MLflow experiment that the run belongs to."""
        return experiment_of(self.config)

    @property
    def scenario(self) -> str:
        """The scenario; for a game outside this package, the configuration's name."""
        return self.config.scenario.name or self.config.name


def experiment_of(config: RunConfig) -> str:
    """The MLflow experiment that a run belongs to."""
    return config.tracking.experiment or config.name


def describe_run(config: RunConfig, run_id: str, folder: Path) -> RunIdentity:
    """Describe the run in `folder`, with the versions and the git revision from its `versions.json`."""
    versions = _versions(RunPaths(folder).versions)
    return RunIdentity(
        run_id=run_id,
        config=config,
        folder=folder,
        git_revision=versions.pop("git_revision", None),
        versions=versions,
        command=shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        user=_user(),
        single=not RunPaths(folder).sweep.is_file(),
    )


def _versions(file: Path) -> dict[str, str]:
    if not file.is_file():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return {str(name): str(version) for name, version in found.items() if isinstance(version, (str, int, float))}


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""
