"""A 2D game on the real engine: it trains, repeats bit for bit and draws its paths, as a 3D game does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import make_launch
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.sources import HeuristicSource
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.pictures.write import write_pictures
from spacetime_rl.training.run import train

pytestmark = [pytest.mark.usefixtures("godot_bin"), pytest.mark.timeout(600)]

SHOVE = "res://tests/fixtures/shove/shove.tscn"


def make_config(results: Path, **sections: Any) -> RunConfig:
    defaults: dict[str, Any] = {
        "name": "shove",
        "scenario": {"params": {"room_px": 500.0, "balls": 2}},
        "game": {"project": OWN_PROJECT, "scene": SHOVE, "arenas": 16, "action_repeat": 6},
        "model": {"hiddens": [32]},
        "training": {"train_batch_size": 3072, "minibatch_size": 512, "num_epochs": 8, "lr": 2e-3, "gamma": 0.95},
        "rollout": {"runners": 0},
        "stop": {"agent_steps": 20_000},
        "evaluation": {"episodes": 20, "games": 1},
        "results": results,
    }
    return RunConfig.model_validate({**defaults, **sections})


def test_it_is_evaluated_and_its_paths_are_drawn(tmp_path: Path) -> None:
    config = make_config(tmp_path)
    report = evaluate(make_launch(config), config, HeuristicSource(), episodes=20, seed=1, games=1, traced=2)
    assert report.overall.success_rate is not None
    assert report.overall.success_rate > 0.5
    assert {trace.unit for trace in report.traces} == {"px"}
    assert "paths.png" in {file.name for file in write_pictures(report, tmp_path, "shove")}


def test_its_episodes_repeat_bit_for_bit() -> None:
    with open_game(GameLaunch(project=OWN_PROJECT, scene=SHOVE, params={"balls": 12, "room_px": 400.0})) as game:
        seen = []
        for _ in range(2):
            rng = np.random.default_rng(5)
            rows = [game.reset(seed=7).observations[0].copy()]
            for _ in range(100):  # more than two episodes
                rows.append(game.step([rng.uniform(-1, 1, (2, 2)).astype(np.float32)]).observations[0].copy())
            seen.append(np.concatenate(rows).tobytes())
    assert seen[0] == seen[1]


@pytest.mark.slow
@pytest.mark.usefixtures("ray_cluster")
def test_it_trains(tmp_path: Path) -> None:
    summary = train(make_config(tmp_path))
    assert summary.learned.learned is True
    assert (summary.folder / "report" / "paths.png").is_file()
