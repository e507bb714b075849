"""A whole run of every other algorithm on the real engine: it learns, and leaves what a run of PPO leaves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.errors import ContractError
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.training.run import train

pytestmark = [pytest.mark.usefixtures("ray_cluster", "godot_bin"), pytest.mark.timeout(600)]

TRAINING: dict[str, dict[str, Any]] = {
    "APPO": {"train_batch_size": 2048, "minibatch_size": 256},
    "IMPALA": {"train_batch_size": 2048, "minibatch_size": 256},
    "SAC": {"train_batch_size": 1024, "warmup_steps": 1500},
    "DQN": {"train_batch_size": 1024, "warmup_steps": 1500, "epsilon_steps": 7000},
}
METRIC = {"APPO": "kl", "IMPALA": "value_loss", "SAC": "alpha", "DQN": "epsilon"}


def make_config(results: Path, algorithm: str, **params: Any) -> RunConfig:
    return RunConfig.model_validate(
        {
            "name": "touch",
            "algorithm": algorithm,
            "scenario": {"params": {"room_m": 5.0, "max_ticks": 180, "jumpers": 0, **params}},
            "game": {
                "project": OWN_PROJECT,
                "scene": "res://tests/fixtures/touch/touch.tscn",
                "arenas": 16,
                "action_repeat": 6,
            },
            "model": {"hiddens": [32]},
            "training": {"lr": 2e-3, "gamma": 0.95, **TRAINING[algorithm]},
            "rollout": {"runners": 1},
            "stop": {"agent_steps": 15_000},
            "checkpoint": {"every_iterations": 5},
            "evaluation": {"episodes": 32, "games": 1},
            "results": results,
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("algorithm", ["SAC", "IMPALA", "APPO", "DQN"])
def test_a_run_learns_and_its_policy_is_exported_and_judged(algorithm: str, tmp_path: Path) -> None:
    params = {"steering": "choice"} if algorithm == "DQN" else {}

    summary = train(make_config(tmp_path, algorithm, **params), "one")

    folder = tmp_path / "one"
    results = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    first, last = results[0], results[-1]
    assert last["policy/walker/return_mean"] > first["policy/walker/return_mean"] + 2.0
    assert f"policy/walker/{METRIC[algorithm]}" in last
    assert last["agent_steps"] >= 15_000
    assert last["health/restarts"] == 0
    trained, chance = (summary.reports[name]["overall"]["success_rate"] for name in ("trained", "random"))
    assert trained > chance + 0.2
    schema = read_schema(folder / "onnx" / "walker.schema.json")
    assert schema.squashed == (algorithm == "SAC")
    card = json.loads(next(folder.glob("tune/*/checkpoint_*/spacetime.json")).read_text())
    assert card["config"]["algorithm"] == algorithm


@pytest.mark.parametrize("algorithm", ["SAC", "DQN"])
def test_a_game_whose_actions_the_algorithm_cannot_choose_is_told_before_anything_starts(
    algorithm: str, tmp_path: Path
) -> None:
    with pytest.raises(ContractError, match=f"algorithm: {algorithm} .*'jumper'.*use PPO, APPO or IMPALA"):
        train(make_config(tmp_path, algorithm, jumpers=1), "one")
    assert not list(tmp_path.iterdir())
