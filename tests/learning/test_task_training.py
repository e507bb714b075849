"""One set of policies that learns two scenes: what the run tells of each, and what it exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.tracking.store import make_client, resolve_store
from spacetime_rl.training.run import train

TOUCH = "res://tests/fixtures/touch/touch.tscn"
SHY = "res://tests/fixtures/touch/shy.tscn"


@pytest.mark.usefixtures("ray_cluster", "godot_bin")
@pytest.mark.timeout(600)
def test_a_run_tells_of_every_task_and_exports_what_tells_them_apart(tmp_path: Path) -> None:
    room = {"room_m": 4.0, "max_ticks": 60}
    config = RunConfig.model_validate(
        {
            "name": "tasks",
            "game": {"project": OWN_PROJECT, "scene": TOUCH, "arenas": 8, "action_repeat": 6},
            "tasks": [{"name": "near", "params": room}, {"name": "shy", "scene": SHY, "params": room, "weight": 2}],
            "model": {"hiddens": [16]},
            "training": {"train_batch_size": 1024, "minibatch_size": 512, "num_epochs": 1},
            "rollout": {"runners": 0, "games_per_runner": 1},
            "stop": {"agent_steps": 2048},
            "evaluation": {"episodes": 8, "games": 1, "arenas": 4},
            "results": tmp_path,
        }
    )
    summary = train(config, "two")

    folder = tmp_path / "two"
    result = json.loads((folder / "progress.jsonl").read_text().splitlines()[-1])
    for task in ("near", "shy"):
        assert 0.0 <= result[f"task/{task}/success_rate"] <= 1.0
        assert result[f"task/{task}/length_mean"] > 1.0
    assert result["task/shy/away_m"] == pytest.approx(result["policy/walker/away_m"], rel=0.5)
    assert "task/near/away_m" not in result
    assert "policy/walker/task" not in result

    schema = json.loads((folder / "onnx/walker.schema.json").read_text())
    field = schema["inputs"][0]["fields"][-1]
    assert (field["name"], field["end"] - field["begin"]) == ("task", 2)
    assert field["unit"] == "1 for the one of: near, shy"
    assert set(summary.reports["heuristic"]["tasks"]) == {"near", "shy"}
    assert "| task shy |" in (folder / "report/summary.md").read_text()

    client = make_client(resolve_store(tmp_path))
    experiment = client.get_experiment_by_name("tasks")
    recorded = {key for run in client.search_runs([experiment.experiment_id]) for key in run.data.metrics}
    assert recorded >= {"task/near/return_mean", "test/task/near/success_rate"}
