"""A run's training game and evaluation episodes, as MLflow datasets."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.project import OWN_PROJECT, content_hash
from spacetime_rl.runs.layout import RunPaths
from spacetime_rl.tracking.identity import RunIdentity

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

_CHUNK_BYTES = 1 << 20  # a build may be too large to read at once


def describe_inputs(sweep: RunIdentity) -> list[DatasetInput]:
    """The datasets of a run: the game with its training seed, and the episodes of the evaluation.

    Two runs have the same dataset if they play the same build of a game (its program, or the files of its project),
    with the same spec and seed.
    """
    config, game = sweep.config, sweep.config.game
    build = {
        "scenario": config.scenario.name,
        "params": dict(config.scenario.params),
        "env_path": game.env_path and str(game.env_path),
        "project": game.project and str(game.project),
        "scene": game.scene,
    }
    played = {name: value for name, value in build.items() if value}
    spec = RunPaths(sweep.folder).spec
    declared = hashlib.sha256(spec.read_bytes() if spec.is_file() else b"")
    if game.env_path is not None and game.env_path.is_file():
        _add(declared, game.env_path)
    elif project := game.project or (OWN_PROJECT if config.scenario.name else None):
        declared.update(content_hash(project).encode())
    training = played | {"seed": config.seed, "build": declared.hexdigest()[:16]}
    evaluation = training | {"seed": config.evaluation.seed, "episodes": config.evaluation.episodes}
    return [
        _dataset(sweep.scenario, "training", training),
        _dataset(f"{sweep.scenario}, episodes {config.evaluation.seed} and on", "evaluation", evaluation),
    ]


def _dataset(name: str, context: str, source: dict[str, Any]) -> DatasetInput:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    text = to_json(source, sort_keys=True, default=str)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return DatasetInput(Dataset(name, digest, "game", text), [InputTag("mlflow.data.context", context)])


def _add(digest: Any, file: Path) -> None:
    with file.open("rb") as content:
        while chunk := content.read(_CHUNK_BYTES):
            digest.update(chunk)
