"""A real game that is killed or frozen in the middle of a fragment: noticed in time, replaced, sampling goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.fake_runs import make_config

from spacetime_rl.contract import assign_policies
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.learning.build import make_algorithm_config
from spacetime_rl.rollout.metrics import OWN
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.checkpoint import CheckpointMetadata

STEP_TIMEOUT_S = 1.5


@pytest.fixture
def runner(touch: Callable[..., GameLaunch], tmp_path: Path) -> GameEnvRunner:
    return make_runner(touch(arenas=2, step_timeout_s=STEP_TIMEOUT_S, log_dir=tmp_path))


def make_runner(launch: GameLaunch, **settings: Any) -> GameEnvRunner:
    config = make_config()
    with open_game(launch) as game:
        spec = game.spec
    plan = RolloutPlan(launch, spec, assign_policies(spec, config), **settings)
    return GameEnvRunner(make_algorithm_config(config, plan, CheckpointMetadata("run", {}, {}, {})), worker_index=0)


@pytest.mark.parametrize(
    ("fault", "reason", "noticed_s"),
    [(signal.SIGKILL, "killed by SIGKILL", 1.0), (signal.SIGSTOP, "is stopped by a signal", STEP_TIMEOUT_S + 1.0)],
)
def test_a_game_lost_in_a_fragment_is_noticed_and_replaced(
    runner: GameEnvRunner, caplog: pytest.LogCaptureFixture, fault: signal.Signals, reason: str, noticed_s: float
) -> None:
    runner.sample(num_timesteps=60)
    (sampler,) = runner._samplers
    first = sampler.pid
    assert first is not None
    struck: list[float] = []

    def strike() -> None:
        time.sleep(0.2)
        struck.append(time.time())
        os.kill(first, fault)

    threading.Thread(target=strike, daemon=True).start()
    episodes = runner.sample(num_timesteps=6 * 800)
    second = sampler.pid
    runner.stop()

    (record,) = [record for record in caplog.records if record.name == "spacetime_rl.rollout.sampler"]
    assert reason in record.getMessage()
    assert record.created - struck[0] < noticed_s
    assert sum(len(episode) for episode in episodes) >= 6 * 800 * 0.5
    assert sampler.restarts == 1
    assert sampler.downtime_s > 0.1
    assert second != first
    assert not psutil.pid_exists(first)
    log_dir = runner._plan.launch.log_dir
    assert log_dir is not None
    assert len(list(Path(log_dir).glob("runner0-game0*.log"))) == 2


def test_a_game_that_leaks_is_replaced_between_fragments(
    touch: Callable[..., GameLaunch], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    leaks = {"fault": "leak", "fault_tick": 20, "max_ticks": 60}  # 32 MB an episode
    runner = make_runner(touch(leaks, arenas=1, log_dir=tmp_path), max_growth_mb=100.0)

    steps, slopes = 0, []
    for _ in range(8):
        steps += sum(len(episode) for episode in runner.sample(num_timesteps=3 * 30))
        slopes.append(runner.get_metrics()[OWN]["rss_slope_mb_per_h"].peek())
    (sampler,) = runner._samplers
    runner.stop()

    assert sampler.recycled >= 1
    assert sampler.restarts == 0
    assert steps >= 8 * 3 * 30 * 0.9
    assert "it leaks" in caplog.text
    assert max(slopes) > 1000.0
