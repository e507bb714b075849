"""Whether a run's one learner uses the GPU: by measurement, where the configuration leaves it open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from support.fake_runs import MIXED, make_config
from support.fake_runs import make_plan as plan_of
from support.toy_game import FakeGameOpener

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.game.client import open_game
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.sizing import device_probe
from spacetime_rl.sizing.arithmetic import LearnerCost
from spacetime_rl.sizing.batch_probe import Costs, measure_learning
from spacetime_rl.sizing.device_probe import choose_device
from spacetime_rl.tuning.ray_session import gpus_there, ray_session

SIZES = {"train_batch_size": 4096, "minibatch_size": 256, "num_epochs": 5}


def make_plan() -> RolloutPlan:
    return plan_of(FakeGameOpener(MIXED, arenas=4), make_config())


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> dict[int, LearnerCost]:
    """The learner's cost on the CPU (0) and on the GPU (1), in place of a measurement on a GPU."""
    costs = {0: LearnerCost(2e-4, 1e-6), 1: LearnerCost(1e-3, 1e-7)}
    monkeypatch.setattr(device_probe, "measure_learning", lambda config, plan, gpus: Costs(1e-4, costs[gpus]))
    return costs


@pytest.mark.parametrize(
    ("minibatch", "gpu_step_s", "chosen", "sentence"),
    [
        # 5 epochs of 1 µs and 200 µs a gradient step, against 0.1 µs and 1000 µs.
        (256, 1e-3, 0, "the learner uses the CPU: an agent step takes 9 µs on the CPU and 20 µs on the GPU"),
        (4096, 1e-3, 1, "the learner uses the GPU: an agent step takes 5 µs on the CPU and 2 µs on the GPU"),
        (256, 1e-4, 1, "the learner uses the GPU: an agent step takes 9 µs on the CPU and 2 µs on the GPU"),
    ],
)
def test_the_faster_device_is_taken_at_the_sizes_of_the_run(
    speeds: dict[int, LearnerCost], minibatch: int, gpu_step_s: float, chosen: int, sentence: str
) -> None:
    speeds[1] = LearnerCost(gpu_step_s, 1e-7)
    config = make_config(game={"arenas": 4}, rollout={}, training={**SIZES, "minibatch_size": minibatch})
    said: list[str] = []
    assert choose_device(config, make_plan(), 1, said.append) == chosen
    assert said == ["measuring the learner on the CPU and on the GPU", sentence]


@pytest.mark.parametrize(
    ("settings", "gpus"),
    [
        ({}, 0),
        ({}, 2),  # two learners, a GPU for each
        ({"resources": {"gpus": 1}}, 1),  # asked for
        ({"algorithm": "APPO"}, 1),
        ({"algorithm": "SAC", "training": {}}, 1),
    ],
)
def test_what_is_not_open_is_not_measured(monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], gpus: int) -> None:
    monkeypatch.delattr(device_probe, "measure_learning")
    config = make_config(**{"game": {"arenas": 4}, "rollout": {}, "training": SIZES, **settings})
    assert choose_device(config, make_plan(), gpus, lambda _: pytest.fail("measured")) == gpus


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU that torch can use")
def test_the_learner_is_measured_on_a_gpu(tmp_path: Path) -> None:
    config = RunConfig.model_validate({"scenario": {"name": "bench"}, "game": {"arenas": 1}, "training": SIZES})
    launch = make_launch(config)
    with open_game(launch) as game:
        plan = RolloutPlan(launch, game.spec, assign_policies(game.spec, config))
    said: list[str] = []
    with ray_session(2.0):
        assert gpus_there()
        assert measure_learning(config, plan, gpus=1).learner.per_agent_step_s > 0
        assert choose_device(config, plan, 1, said.append) in (0, 1)
    assert len(said) == 2
