"""A run's game as an MLflow dataset: the same build has the same one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spacetime_rl.config import load
from spacetime_rl.tracking.identity import describe_run
from spacetime_rl.tracking.inputs import describe_inputs


def build_of(project: Path, folder: Path, *changes: str) -> Any:
    config = load(None, [f"game.project={project}", "name=mine", *changes])
    training, _ = describe_inputs(describe_run(config, "run", folder))
    return json.loads(training.dataset.source)["build"]


def test_a_project_is_known_by_its_files_not_by_what_the_game_declares(tmp_path: Path) -> None:
    project, run = tmp_path / "game", tmp_path / "run"
    project.mkdir()
    run.mkdir()
    (project / "project.godot").write_text("config_version=5")
    first = build_of(project, run)
    assert build_of(project, run, "seed=7") == first
    (project / "player.gd").write_text("extends Node")
    assert build_of(project, run) != first


def test_an_exported_game_is_known_by_its_program(tmp_path: Path) -> None:
    game = tmp_path / "game.x86_64"
    builds = []
    for content in (b"one", b"two", b"one"):
        game.write_bytes(content)
        config = load(None, [f"env_path={game}", "name=mine"])
        training, _ = describe_inputs(describe_run(config, "run", tmp_path))
        builds.append(json.loads(training.dataset.source)["build"])
    assert builds[0] == builds[2] != builds[1]
