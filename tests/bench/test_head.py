"""What a head takes: runners that play once and hand over for ever, and what is made of the figures."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from ray.rllib.utils.metrics import NUM_AGENT_STEPS_SAMPLED_LIFETIME
from support.fake_runs import make_config, make_ppo

from spacetime_rl.bench.head import EchoRunner, HeadLoad, Traffic, measure_head
from spacetime_rl.bench.head_page import figures
from spacetime_rl.bench.learners import CASES, Case, OnGpu, measure_gpu
from spacetime_rl.bench.null_game import NullGameOpener
from spacetime_rl.tuning.ray_session import ray_session

LOAD = HeadLoad(
    traffic=tuple(
        Traffic(runners, fragment, 5.0, runners * (2.0 + 0.004 * fragment), 1.0)
        for runners in (1, 4, 16)
        for fragment in (256, 1024, 4096)
    ),
    bytes_per_agent_step=250.0,
    learner_us_per_agent_step=40.0,
    learner="CPU, 1 threads",
    result_ms=4.0,
    record_ms=8.0,
    cores=2,
)


def test_a_runner_hands_over_its_first_fragment_again_and_again() -> None:
    opener: Any = NullGameOpener(4)  # it has all of the opener that this needs
    runner = EchoRunner(make_ppo(opener, make_config()), worker_index=0)
    first = runner.sample(num_timesteps=40)
    second = runner.sample(num_timesteps=40)
    assert all(one is other for one, other in zip(first, second, strict=True))
    lifetime = runner.get_metrics()[NUM_AGENT_STEPS_SAMPLED_LIFETIME]["walker"]
    assert lifetime.peek() == 80
    runner.stop()


def test_the_cost_of_fragments_and_of_steps_is_told_apart() -> None:
    assert LOAD.ms_per_fragment == pytest.approx(2.0)
    assert LOAD.us_per_agent_step == pytest.approx(4.0)
    assert LOAD.to_dict()["ms_per_fragment"] == pytest.approx(2.0)


def test_the_page_says_what_follows_for_clusters() -> None:
    text = figures(LOAD.to_dict())
    assert "| a fragment, however short | 2.00 ms of the driver |" in text
    # 150 runners of 5000 steps a second: 750 k steps at 4 µs, and a fragment of 256 costs 7.8 µs a step more.
    assert "| 10 | 150 | 750 k/s | 188 MB/s | 8.9 | 4.5 | 3.4 | 30 |" in text
    assert "| 100 | 166 | 33.2 | 13% | 27% |" in text
    cheap = replace(LOAD, result_ms=0.4)
    assert "| 100 | 166 | 33.2 | 1% | 27% |" in figures(cheap.to_dict())


def test_the_page_has_a_row_for_every_network_on_a_gpu_or_says_that_there_is_none() -> None:
    assert "because this machine has none" in figures(LOAD.to_dict())
    load = replace(LOAD, on_gpu=(OnGpu(Case((512, 512), 2048), 530.0, 53.0, 10.0),))
    assert "| 2 x 512 | 2,048 | 530 | 53 | 10.00 |" in figures(load.to_dict())


@pytest.mark.slow
@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU that torch can use")
def test_the_learner_is_measured_on_a_gpu() -> None:
    with ray_session(cpus=2.0):
        measured = measure_gpu(CASES[-1], 3)
    assert measured.faster == pytest.approx(measured.cpu_ms / measured.gpu_ms, rel=0.5)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_head_is_measured() -> None:
    told: list[str] = []
    load = measure_head(2, lambda done, total, text: told.append(text))
    assert told[-1] == "MLflow"
    assert len(load.traffic) == 9
    assert load.us_per_agent_step >= 0.0  # the slope of a fit, which is 0 where noise hides it
    assert 100.0 < load.bytes_per_agent_step < 2000.0
    assert load.learner_us_per_agent_step > 1.0
    assert load.result_ms > 0.0
    assert load.record_ms > 0.0
