"""The touch fixture as evaluations play it, and policies exported for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.made_policies import make_policy

from spacetime_rl.config import LstmConfig, RunConfig
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT


@pytest.fixture(scope="session")
def config() -> RunConfig:
    """The touch fixture with the game's own policies."""
    scene = "res://tests/fixtures/touch/touch.tscn"
    return RunConfig.model_validate({"game": {"project": str(OWN_PROJECT), "scene": scene}})


@pytest.fixture(scope="session")
def onnx_folder(godot_bin: Path, config: RunConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Untrained policies of the touch fixture, one of them with memory."""
    folder = tmp_path_factory.mktemp("onnx")
    with open_game(GameLaunch(project=config.game.project, scene=config.game.scene)) as game:
        for group in game.spec.groups:
            memory: dict[str, Any] = {"lstm": LstmConfig(cell_size=8)} if group.name == "walker" else {}
            export_module(make_policy(group.layout, **memory), group.name, folder, Origin("touch", 90, 6, {}))
    return folder
