"""One measurement at a time on the real engine, and the env runner on no engine at all."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from spacetime_rl.bench.bridge import Bridge
from spacetime_rl.bench.engine_limit import EngineLimit
from spacetime_rl.bench.measure import Measurement, NotMeasurable
from spacetime_rl.bench.sampling import Sampling, make_runner_alone
from spacetime_rl.bench.scaling import measure_scaling
from spacetime_rl.bench.stock_client import StockClient
from spacetime_rl.bench.stock_sb3 import StockSb3
from spacetime_rl.bench.target import plan_target, with_agents
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import GameDied
from spacetime_rl.evaluation.target import load_target
from spacetime_rl.rollout.plan import RolloutPlan

SMALL = ["training.train_batch_size=128", "training.minibatch_size=64", "model.hiddens=[16]"]


@pytest.fixture(scope="module")
def config() -> RunConfig:
    return with_agents(load_target("bench", SMALL), 4)


@pytest.fixture(scope="module")
def plan(config: RunConfig) -> RolloutPlan:
    return plan_target(config)


@contextmanager
def playing(measurement: Measurement) -> Iterator[Measurement]:
    try:
        measurement.open()
        yield measurement
    finally:
        measurement.close()


def test_stepping_a_game_adds_up(plan: RolloutPlan) -> None:
    with playing(Bridge(plan.launch)) as bridge:
        speed = bridge.play(0.3)

    assert speed.physics_ticks_per_s is not None
    assert plan.spec.action_repeat is not None
    assert speed.agent_steps_per_s == pytest.approx(4 * speed.physics_ticks_per_s / plan.spec.action_repeat)
    assert 0 < speed.shares["game"] + speed.shares["wire"] <= 1
    assert speed.step_ms_p50 is not None
    assert speed.step_ms_p99 is not None
    assert 0 < speed.step_ms_p50 <= speed.step_ms_p99


def test_a_game_that_plays_alone_tells_where_its_time_goes(plan: RolloutPlan) -> None:
    with playing(EngineLimit(plan.launch)) as limit:
        speed = limit.play(0.3)
        assert isinstance(limit, EngineLimit)
        sections = limit.profile(0.2)

    assert speed.agent_steps_per_s > 0
    assert speed.step_ms_p50 is None
    assert set(sections) == {"physics", "rays", "observations", "rewards", "actions"}
    assert all(math.isfinite(spent) and spent >= 0 for spent in sections.values())


def test_a_stock_game_cannot_play_alone_and_its_own_client_not_play_everything(godot_bin: Path) -> None:
    stock = plan_target(load_target(str(Path(__file__).parents[1] / "fixtures" / "stock_game"), ()))

    with pytest.raises(NotMeasurable, match="always waits for its client"), playing(EngineLimit(stock.launch)):
        pass
    with pytest.raises(NotMeasurable, match="looks for the images of the first agent"), playing(StockClient(stock)):
        pass


def test_the_env_runner_plays_a_real_game(config: RunConfig, plan: RolloutPlan) -> None:
    with playing(Sampling(config, replace(plan, games=2))) as sampling:
        speed = sampling.play(0.2)

    assert speed.physics_ticks_per_s is not None
    assert plan.spec.action_repeat is not None
    assert speed.agent_steps_per_s == pytest.approx(4 * speed.physics_ticks_per_s / plan.spec.action_repeat)
    assert set(speed.shares) == {"game", "wire", "forward"}
    assert speed.step_ms_p99 is not None


def test_the_env_runner_alone_costs_less_for_each_of_many_agents(config: RunConfig) -> None:
    with playing(make_runner_alone(config, 8)) as few, playing(make_runner_alone(config, 128)) as many:
        # The best of three turns: another program may take the core in any of them.
        turns = [(few.play(0.2).agent_steps_per_s, many.play(0.2).agent_steps_per_s) for _ in range(3)]
    of_few, of_many = (max(speeds) for speeds in zip(*turns, strict=True))
    assert of_many > of_few


def test_the_stock_client_steps_the_same_scene_with_its_frames_not_capped(plan: RolloutPlan) -> None:
    client: Any = StockClient(plan)
    with playing(client):
        speed = client.play(0.3)
        command = psutil.Process(client._env.proc.pid).cmdline()

    assert command[command.index("--fixed-fps") + 1] == "90"
    assert speed.agent_steps_per_s == pytest.approx(4 * speed.physics_ticks_per_s / plan.spec.action_repeat)
    assert speed.step_ms_p50 is not None


def test_a_stock_game_that_dies_is_told_instead_of_waited_for(plan: RolloutPlan) -> None:
    client: Any = StockClient(plan)
    with playing(client):
        os.kill(client._env.proc.pid, signal.SIGKILL)
        with pytest.raises(GameDied, match=r"the game of the stock client failed: .*its log ends"):
            client.play(5.0)


def test_stable_baselines_is_measured_at_the_fastest_of_several_settings(config: RunConfig, plan: RolloutPlan) -> None:
    sb3 = StockSb3(config, plan)
    with playing(sb3):
        speed = sb3.play(0.0)
        setting = sb3.describe()

    assert speed.agent_steps_per_s > 0
    assert {tried["games"] for tried in setting["tried"]} == {1, 2}
    fastest = max(setting["tried"], key=lambda tried: tried["agent_steps_per_s"])
    assert (setting["games"], setting["threads"]) == (fastest["games"], fastest["threads"])


def test_stable_baselines_is_left_out_where_policies_differ() -> None:
    config = load_target("vr_interaction", ["game.arenas=1"])

    with (
        pytest.raises(NotMeasurable, match="the spaces of giver, taker differ"),
        playing(StockSb3(config, plan_target(config))),
    ):
        pass


def test_sampling_is_measured_for_every_number_of_agents_games_and_runners(
    ray_cluster: None, config: RunConfig
) -> None:
    def make_plan(agents: int, games: int) -> tuple[RunConfig, RolloutPlan]:
        chosen = with_agents(config, agents)
        return chosen, replace(plan_target(chosen), games=games)

    said: list[str] = []
    cells = measure_scaling(
        make_plan, 1, 0.1, lambda _, __, text: said.append(text), agent_counts=[3], game_counts=[1, 2]
    )

    assert [(cell.agents, cell.games, cell.runners) for cell in cells] == [(3, 1, 1), (3, 1, 2), (3, 2, 1), (3, 2, 2)]
    assert all(cell.agent_steps_per_s > 0 for cell in cells)
    assert said == ["scaling: 3 agents, 1 games a runner", "scaling: 3 agents, 2 games a runner", "done"]
