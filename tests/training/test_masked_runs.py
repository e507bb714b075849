"""Whole runs of every algorithm that has choices, in a game that ends an episode in which a closed door is chosen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.training.run import train

TRAINING: dict[str, dict[str, Any]] = {
    "PPO": {"train_batch_size": 512, "minibatch_size": 256, "num_epochs": 1},
    "APPO": {"train_batch_size": 512, "minibatch_size": 256},
    "IMPALA": {"train_batch_size": 512, "minibatch_size": 256},
    "DQN": {"train_batch_size": 512, "warmup_steps": 500, "epsilon_steps": 1500},
}


@pytest.mark.slow  # a whole run of half a minute for each algorithm
@pytest.mark.usefixtures("ray_cluster", "godot_bin")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("algorithm", ["PPO", "APPO", "IMPALA", "DQN"])
def test_no_masked_choice_is_taken_while_training_or_afterwards(algorithm: str, tmp_path: Path) -> None:
    config = RunConfig.model_validate(
        {
            "name": "doors",
            "algorithm": algorithm,
            "scenario": {"params": {"closed_ends": True}},
            "game": {"project": OWN_PROJECT, "scene": "res://tests/fixtures/doors/doors.tscn", "arenas": 8},
            "model": {"hiddens": [32]},
            "training": TRAINING[algorithm],
            "rollout": {"runners": 1},
            "stop": {"agent_steps": 3000},
            "evaluation": {"episodes": 16, "games": 1},
            "results": tmp_path,
        }
    )

    summary = train(config, "one")

    folder = tmp_path / "one"
    results = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    assert {result["policy/player/closed"] for result in results if "policy/player/closed" in result} == {0.0}
    for report in summary.reports.values():
        assert report["policies"]["player"]["metrics"]["closed"] == 0.0
    assert read_schema(folder / "onnx" / "player.schema.json").layout.fields[-1].kind == "mask"
    if algorithm == "PPO":
        for more, in_game in ((["evaluation.stochastic=true"], False), ([], True)):
            overrides = ["evaluation.episodes=8", *more]
            report = evaluate_player(str(folder / "onnx"), config, overrides, in_game=in_game).report.to_dict()
            assert report["policies"]["player"]["metrics"]["closed"] == 0.0
