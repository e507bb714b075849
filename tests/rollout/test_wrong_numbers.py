"""A game that sends numbers that are none is replaced, and ends the run where it goes on: nobody learns from them."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.fake_runs import make_config, make_runner
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.contract import assign_policies
from spacetime_rl.errors import RestartsExhausted, RewardHookError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.reward_hook import HookPlace
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import CheckpointMetadata

FAKES = Path(__file__).parents[1] / "support"
STOCK, OURS = FAKES / "fake_stock_game.py", FAKES / "fake_game.py"


def too_large(step: Any) -> Any:
    return [1e39] * len(step.rewards)


def text(step: Any) -> Any:
    return ["1.0"] * len(step.rewards)


@pytest.mark.parametrize(
    ("game", "fault", "message"),
    [
        (STOCK, '--every-step={"reward": [0, 0, null]}', "reward of agent p_1 is nan"),
        (
            STOCK,
            '--every-step={"reward": [1e39, 0, 0]}',
            r"reward of agent p_0 is 1e\+39, more than a 32-bit float holds",
        ),
        (OURS, "--fault=nan_reward", "reward of agent giver_1 is nan"),
    ],
)
def test_it_is_replaced_as_often_as_allowed_and_named_at_the_end(
    game: Path, fault: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    launch = GameLaunch(env_path=game, extra_args=(fault, *(["--fault-at=1"] if game == OURS else [])))
    small = {"cnn": {"filters": [[4, 1, 1]]}} if game == OURS else {}  # its image has 2x2 pixels
    config = make_config(model={"hiddens": [4], **small})
    with open_game(launch) as started:
        spec = started.spec
    plan = RolloutPlan(launch, spec, assign_policies(spec, config), max_lifetime_restarts=1)
    runner = GameEnvRunner(make_algorithm_config(config, plan, CheckpointMetadata("run", {}, {}, {})), worker_index=0)
    with caplog.at_level(logging.WARNING), pytest.raises(RestartsExhausted, match=message):
        runner.sample(num_timesteps=30)
    runner.stop()
    assert "a game failed and is replaced" in caplog.text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("too_large", r"returned \[inf\], expected finite numbers"),
        ("text", "returned an array of .*, expected numbers"),
    ],
)
def test_a_reward_function_is_asked_for_numbers_as_a_game_is(name: str, message: str) -> None:
    hook = HookPlace(f"test_wrong_numbers.{name}", Path(__file__).parent)
    runner = make_runner(FakeGameOpener((make_group("p", 1, make_layout()),)), reward_hook=hook)
    with np.errstate(over="raise"), pytest.raises(RewardHookError, match=message):
        runner.sample(num_timesteps=5)
    runner.stop()
