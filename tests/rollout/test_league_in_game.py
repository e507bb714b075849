"""A league on the real engine: the game's script acts for single agents, and recordings say who played."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support.fake_runs import make_config
from support.touch_run import RUN

from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.replay import play_again
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.learning.algorithm import play
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.directive import Directive
from spacetime_rl.rollout.make_plan import plan_rollout
from spacetime_rl.rollout.opponents import Draw, Opponents
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import CheckpointMetadata

DECISIONS = 20
AVOID = GameLaunch(scenario="vr_interaction", params={"objective": "avoid"}, arenas=2, seed=4)


def seen(launch: GameLaunch, first: float, other: float) -> NDArray[np.float32]:
    """What all agents see, where every action number of the first and the second policy is the same."""
    observations = []
    with open_game(launch) as game:
        now = game.reset()
        for _ in range(DECISIONS):
            actions = [
                np.full((game.spec.group_size(g), group.layout.action_size), number, np.float32)
                for g, (group, number) in enumerate(zip(game.spec.groups, (first, other), strict=True))
            ]
            now = game.step(actions)
            observations.append(np.concatenate([values.ravel() for values in now.observations]))
    return np.stack(observations)


@pytest.mark.usefixtures("godot_bin")
def test_an_action_of_nan_is_what_a_scripted_policy_does() -> None:
    asked = seen(replace(AVOID, nan_asks_script=True), np.nan, 0.0)
    scripted = seen(replace(AVOID, scripted=("chaser",)), 0.0, 0.0)
    np.testing.assert_array_equal(asked, scripted)
    still = seen(replace(AVOID, nan_asks_script=True), 0.0, 0.0)
    assert not np.array_equal(asked, still)


@pytest.mark.usefixtures("godot_bin")
def test_recorded_matches_name_their_players_and_play_again(tmp_path: Path) -> None:
    config = make_config(
        scenario={},
        game={**RUN["game"], "arenas": 2, "episode_steps": 10},
        rollout={"runners": 0, "record_every": 1},
        league={"result": "return", "fixed": {"scripted": 1.0}},
    )
    plan = plan_rollout(config, tmp_path / "logs", recordings=tmp_path / "episodes")
    assert plan.matches is not None
    draws = {policy.name: Draw(("scripted",), (1.0,)) for policy in plan.policies}
    directive = Directive(opponents=Opponents(plan.matches.fixed, draws, ("walker",)))
    runner = GameEnvRunner(make_algorithm_config(config, plan, CheckpointMetadata("run", {}, {}, {})), worker_index=0)
    play(runner, 25 * plan.spec.num_agents, directive)
    runner.stop()
    files = sorted((tmp_path / "episodes").rglob("ep_*.parquet"))
    assert len(files) >= 4
    episode = read_episode(files[-1])
    assert episode.player == "training: walker@latest, scripted"
    assert play_again(episode, config).difference is None
    jumps = [agent.actions for agent in episode.trace.agents if agent.policy == "jumper"]
    assert jumps
    assert all(actions is not None and np.isfinite(actions[:-1]).all() for actions in jumps)
