"""What a runner tells of several tasks, and the public metrics made of it, on the real engine."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from ray.rllib.utils.metrics import ENV_RUNNER_RESULTS
from support.fake_runs import make_config, make_runner

from spacetime_rl.contract import make_launch
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.learning.algorithm import check_played, play
from spacetime_rl.learning.metrics import PublicMetrics
from spacetime_rl.notices import Notices
from spacetime_rl.rollout.plan import PLAN

TOUCH = "res://tests/fixtures/touch/touch.tscn"
ROOM = {"room_m": 4.0, "max_ticks": 30}
TASKS = [
    {"name": "near", "params": ROOM},
    {"name": "shy", "scene": "res://tests/fixtures/touch/shy.tscn", "params": ROOM},
]


@dataclass(frozen=True)
class RealGames:
    """In place of the fakes."""

    spec: GameSpec

    def __call__(self, launch: GameLaunch) -> Game:
        return open_game(launch)


def plain(metrics: Any) -> Any:
    """Numbers in place of RLlib's statistics."""
    return {key: plain(value) for key, value in metrics.items()} if isinstance(metrics, dict) else float(metrics)


@pytest.mark.usefixtures("godot_bin")
def test_every_task_has_metrics_of_its_own_and_a_policy_s_are_over_all() -> None:
    game = {"project": OWN_PROJECT, "scene": TOUCH, "arenas": 2}
    config = make_config(scenario={}, game=game, tasks=TASKS)
    launch = make_launch(config)
    with open_game(launch) as first:
        spec = first.spec
    runner: Any = make_runner(RealGames(spec), config, launch=launch)  # type: ignore[arg-type]
    (played,) = check_played([play(runner, 60 * spec.num_agents)])
    episodes, metrics = played.episodes, played.metrics
    runner.stop()
    result: dict[str, Any] = {ENV_RUNNER_RESULTS: plain(metrics), "time_this_iter_s": 1.0}
    algorithm = SimpleNamespace(
        curriculum=None,
        league=None,
        learner_s=0.0,
        notices=Notices(),
        gradient_steps=lambda _: {},
        config=SimpleNamespace(num_env_runners=0, env_config={PLAN: SimpleNamespace(spec=spec, launch=launch)}),
    )
    PublicMetrics().on_train_result(algorithm=algorithm, result=result)  # type: ignore[arg-type]

    for task in ("near", "shy"):
        assert 0.0 <= result[f"task/{task}/success_rate"] <= 1.0
        assert result[f"task/{task}/length_mean"] > 1.0
    assert "task/near/away_m" not in result
    away = [result[f"policy/{policy}/away_m"] for policy in ("walker", "jumper")]
    assert min(away) <= result["task/shy/away_m"] <= max(away)  # as all of it comes from that task
    assert not [name for name in result if name.endswith("/task")]
    shown = {tuple(row) for episode in episodes for row in np.asarray(episode.observations.data)[:, -2:]}
    assert shown == {(1.0, 0.0), (0.0, 1.0)}
    changed = [e for e in episodes if len({tuple(row) for row in np.asarray(e.observations.data)[:, -2:]}) > 1]
    assert changed == []  # an episode is of one task, its final observation included
