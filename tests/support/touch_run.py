"""The quickest run there is: two small players of the touch scene, seconds of training on the real engine."""

from __future__ import annotations

from typing import Any

from spacetime_rl.game.project import OWN_PROJECT

RUN: dict[str, Any] = {
    "name": "touch",
    "game": {"project": str(OWN_PROJECT), "scene": "res://tests/fixtures/touch/touch.tscn", "arenas": 4},
    "model": {"hiddens": [16]},
    "training": {"train_batch_size": 500, "minibatch_size": 250, "num_epochs": 1},
    "rollout": {"runners": 1},
    "stop": {"agent_steps": 1500},
    "evaluation": {"episodes": 8, "games": 1},
}
