"""Paths in a configuration: every process resolves relative ones from the folder that the user started in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from spacetime_rl.config.imitation import DATASET, SCRIPT
from spacetime_rl.config.model import RunConfig
from spacetime_rl.config.rewards import RewardScriptConfig


def paths_of(config: RunConfig) -> Iterator[tuple[str, Path]]:
    """The files and folders that processes of a run read, each by its setting."""
    if config.game.env_path is not None:
        yield "game.env_path", config.game.env_path
    if config.game.project is not None:
        yield "game.project", config.game.project
    for index, script in enumerate(config.rewards.terms):
        yield f"rewards.scripts.{index}", script.path
    for index, source in enumerate(config.imitation.sources):
        if not _is_a_name(source):
            yield f"imitation.from.{index}", Path(source)


def anchored(config: RunConfig, folder: Path) -> RunConfig:
    """The same with absolute paths, seen from `folder`: trials and runners work in folders of their own.

    Of `initialize_from` that holds where it is the folder of a run, not its id.
    """
    game, begins = config.game, config.initialize_from
    scripts = tuple(
        RewardScriptConfig(path=folder / script.path, policies=script.policies, weight=script.weight)
        for script in config.rewards.terms
    )
    return config.model_copy(
        update={
            "game": game.model_copy(
                update={
                    "env_path": None if game.env_path is None else folder / game.env_path,
                    "project": None if game.project is None else folder / game.project,
                }
            ),
            "imitation": config.imitation.model_copy(
                update={
                    "from": tuple(
                        source if _is_a_name(source) else str(folder / source) for source in config.imitation.sources
                    )
                }
            ),
            "rewards": config.rewards.model_copy(update={"scripts": scripts}),
            "results": folder / config.results,
            "initialize_from": str(folder / begins) if begins and (folder / begins).exists() else begins,
        }
    )


def _is_a_name(source: str) -> bool:
    """Whether demonstrations are named otherwise than by a path."""
    return source == SCRIPT or source.startswith(DATASET)
