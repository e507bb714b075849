"""What becomes of `auto` in a run's sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.fake_runs import MIXED, make_config
from support.toy_game import FakeGameOpener, make_launch

from spacetime_rl.config import RunConfig, settle_like
from spacetime_rl.contract import UNSIZED_ARENAS, assign_policies
from spacetime_rl.contract import make_launch as make_game_launch
from spacetime_rl.game.client import open_game
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.sizing.arithmetic import RUNGS, BatchSizes
from spacetime_rl.sizing.settle import describe_sizes, needed_cpus, settle_sizes

BATCH = {"train_batch_size": 8192, "minibatch_size": 1024}


def make_plan(arenas: int = 4) -> RolloutPlan:
    opener = FakeGameOpener(MIXED, arenas=arenas)
    return RolloutPlan(make_launch(), opener.spec, assign_policies(opener.spec, make_config()), open=opener)


@pytest.mark.parametrize(
    ("rollout", "settled", "cpus"),
    [
        ({}, {"runners": 4, "games_per_runner": 1}, 0.87),
        ({"runners": 2}, {"runners": 2, "games_per_runner": 2}, 1.75),
        ({"runners": 0, "games_per_runner": 3}, {"runners": 0, "games_per_runner": 3}, 3.0),
    ],
)
def test_open_numbers_of_runners_and_games_follow_from_the_cores(
    rollout: dict[str, Any], settled: dict[str, int], cpus: float
) -> None:
    config, plan = settle_sizes(
        make_config(game={"arenas": 4}, rollout=rollout, training=BATCH), make_plan(), nodes=[4]
    )
    assert config.rollout.model_dump(include={"runners", "games_per_runner"}) == settled
    assert (plan.runners, plan.games) == tuple(settled.values())
    assert config.resources.cpus_per_runner == plan.cpus_per_runner == cpus


def test_sizes_read_as_a_phrase() -> None:
    _, plan = settle_sizes(make_config(game={"arenas": 4}, rollout={}, training=BATCH), make_plan(), nodes=[4])
    assert describe_sizes(plan) == "4 runners x 1 game x 4 arenas"


def test_a_private_ray_has_room_for_what_is_insisted_on() -> None:
    insisting = make_config(rollout={"runners": 6}, resources={"cpus_per_runner": 1.0})
    assert needed_cpus(insisting) == 6.5
    assert needed_cpus(make_config(rollout={"runners": 6})) == 0.5


def test_a_configuration_with_auto_is_the_same_run_whatever_was_settled() -> None:
    asked = make_config(game={"arenas": 4}, rollout={}, training=BATCH)
    settled, _ = settle_sizes(asked, make_plan(), nodes=[4])
    assert settle_like(asked, settled) == settled
    other = make_config(game={"arenas": 4}, rollout={"runners": 1}, training=BATCH)
    assert settle_like(other, settled) != settled


def test_open_arenas_are_measured_in_the_real_game(tmp_path: Path) -> None:
    config = RunConfig.model_validate({"scenario": {"name": "vr_interaction"}, "training": {"train_batch_size": 4096}})
    launch = make_game_launch(config)
    assert launch.arenas == UNSIZED_ARENAS
    with open_game(launch) as game:
        plan = RolloutPlan(launch, game.spec, assign_policies(game.spec, config))
    said: list[str] = []
    settled, sized = settle_sizes(config, plan, nodes=[1], say=said.append)
    arenas = settled.game.arenas
    assert arenas == sized.spec.arenas == sized.launch.arenas
    assert isinstance(arenas, int)
    assert arenas * 4 * 32 <= 4096  # four players, and fragments of 32 decisions
    assert len(sized.policies[0].agents) == 2 * arenas
    assert said == ["measuring how many arenas pay"]


def test_an_open_batch_follows_from_what_game_and_learner_take() -> None:
    said: list[str] = []
    asked = make_config(game={"arenas": 4}, rollout={}, training={})
    settled, _ = settle_sizes(asked, make_plan(), nodes=[2], say=said.append)
    training = settled.training
    assert BatchSizes(training.train_batch_size, training.minibatch_size, training.num_epochs) in RUNGS  # type: ignore[arg-type]
    assert said[0] == "measuring game and learner for the batch size"
    assert said[1].startswith(f"batch {training.train_batch_size}, minibatch {training.minibatch_size}, ")
    assert settle_like(asked, settled) == settled


def test_a_batch_that_is_given_is_not_measured() -> None:
    said: list[str] = []
    asked = make_config(game={"arenas": 4}, rollout={}, training={"train_batch_size": 4096})
    settled, _ = settle_sizes(asked, make_plan(), nodes=[2], say=said.append)
    assert settled.training == asked.training
    assert not said


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"stop": {"agent_steps": 8192 * 300}}, True),
        ({"stop": {"agent_steps": 8192 * 300 - 1}}, False),
        ({"stop": {"agent_steps": None, "time_s": 60}}, True),
        ({"stop": {"agent_steps": 1}, "rollout": {"runners": 2, "overlap": True}}, True),
        ({"rollout": {"runners": 2, "overlap": False}}, False),
        ({"algorithm": "IMPALA"}, "auto"),
        ({"rollout": {"runners": 0}}, "auto"),
    ],
)
def test_runners_play_ahead_where_a_run_makes_many_updates_or_is_told_to(
    settings: dict[str, Any], expected: bool | str
) -> None:
    given = {"rollout": {"runners": 2}, "stop": {"agent_steps": 10**9}, **settings}
    config = make_config(game={"arenas": 4}, training=BATCH, **given)

    assert settle_sizes(config, make_plan(), nodes=[4])[0].rollout.overlap == expected
