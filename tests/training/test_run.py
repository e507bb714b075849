"""A whole run on the real engine, Ray and MLflow: it learns, survives a killed game, and leaves what it promises."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.replay import play_again
from spacetime_rl.errors import ContractError, ResumeError, RunExistsError, TrialFailed, UsageError
from spacetime_rl.export.checkpoint import read_checkpoint
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.runs.best import find_best, read_judged
from spacetime_rl.tracking.store import make_client, resolve_store
from spacetime_rl.training.resume import resume
from spacetime_rl.training.run import train

pytestmark = [pytest.mark.usefixtures("ray_cluster", "godot_bin"), pytest.mark.timeout(600)]

TOUCH = "res://tests/fixtures/touch/touch.tscn"


def make_config(results: Path, **sections: Any) -> RunConfig:
    defaults: dict[str, Any] = {
        "name": "touch",
        "scenario": {"params": {"room_m": 5.0, "max_ticks": 180}},
        "game": {"project": OWN_PROJECT, "scene": TOUCH, "arenas": 16, "action_repeat": 6},
        "model": {"hiddens": [32]},
        "training": {"train_batch_size": 3072, "minibatch_size": 512, "num_epochs": 8, "lr": 2e-3, "gamma": 0.95},
        "stop": {"agent_steps": 20_000},
        "checkpoint": {"every_iterations": 3},
        "evaluation": {"episodes": 8, "games": 1},
        "results": results,
    }
    return RunConfig.model_validate({**defaults, **sections})


def kill_a_training_game(killed: list[int]) -> None:
    """Wait for a runner's game, let it play for a moment, kill it."""
    while not killed:
        time.sleep(0.2)
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if "--headless" in command and TOUCH in command and "--arenas=16" in command:
                parent = process.parent()
                if parent is not None and "GameEnvRunner" in " ".join(parent.cmdline()):
                    time.sleep(1.0)
                    os.kill(process.pid, signal.SIGKILL)
                    killed.append(process.pid)
                    return


def test_a_run_learns_through_a_killed_game_and_leaves_what_it_promises(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPACETIME_LINES_EVERY_S", "0")
    evaluation = {"episodes": 8, "games": 1, "every_agent_steps": 10_000, "training_episodes": 4}
    config = make_config(tmp_path, rollout={"record_every": 20}, evaluation=evaluation, tracking={"tensorboard": True})
    killed: list[int] = []
    threading.Thread(target=kill_a_training_game, args=(killed,), daemon=True).start()

    summary = train(config, "one")

    folder = tmp_path / "one"
    lines = [line for line in capfd.readouterr().out.splitlines() if line.startswith("iteration=")]
    returns = [float(line.split(" walker/return_mean=")[1].split()[0]) for line in lines]
    assert returns[-1] > returns[0] + 2.0
    assert killed
    assert "restarts=1" in lines[-1]
    assert json.loads((folder / "state.json").read_text())["status"] == "finished"
    assert {path.name for path in (folder / "onnx").iterdir()} >= {"walker.onnx", "jumper.onnx", "walker.schema.json"}
    assert json.loads((folder / "versions.json").read_text()).keys() >= {"ray", "torch", "godot", "spacetime-rl"}
    assert len(list((folder / "logs").glob("trial_*_00000/runner*-game0*.godot.log"))) == 3  # two games and a successor
    assert set(summary.reports) == {"trained", "heuristic", "random"}
    assert summary.agent_steps >= 20_000
    recorded = sorted((folder / "episodes").glob("trial_*_00000/runner*-game0-*/ep_*.parquet"))
    assert {int(path.stem[3:]) % 20 for path in recorded} == {0}
    episode = read_episode(recorded[-1])
    assert episode.metrics["walker_0"]["length"] == len(episode.trace.agents[0].ticks) - 1
    assert play_again(episode, config).difference is None

    judged = read_judged(folder)
    assert judged[-1].agent_steps == summary.agent_steps  # the last policies are candidates, too
    assert {one.episodes for one in judged} == {4}
    assert summary.best is not None
    assert summary.best == max(judged, key=lambda one: (one.score, -one.agent_steps))
    assert read_checkpoint(find_best("one", tmp_path)).policies == ("jumper", "walker")
    assert list((folder / "tensorboard").glob("events.out.tfevents.*"))
    assert len((folder / "metrics.csv").read_text().splitlines()) == 1 + len(lines)

    client = make_client(resolve_store(tmp_path))
    experiment = client.get_experiment_by_name("touch")
    trials = [r for r in client.search_runs([experiment.experiment_id]) if "trial_id" in r.data.tags]
    assert len(trials) == 1
    assert trials[0].data.metrics["policy/walker/return_mean"] == pytest.approx(returns[-1], rel=1e-3)
    assert trials[0].data.metrics["evaluation/best_agent_steps"] == summary.best.agent_steps
    assert trials[0].data.tags["best_checkpoint"].endswith(f"at {summary.best.agent_steps} agent steps")

    with pytest.raises(RunExistsError):
        train(config, "one")
    with pytest.raises(ResumeError, match=r"is finished(.|\n)*--initialize-from"):
        resume("one", tmp_path)


def test_a_run_that_disagrees_with_its_game_leaves_nothing_behind(tmp_path: Path) -> None:
    config = make_config(tmp_path, policies={"walkr": {}})
    with pytest.raises(ContractError, match="did you mean 'walker'"):
        train(config, "one")
    assert not list(tmp_path.iterdir())


def test_a_scene_that_does_not_exist_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    config = make_config(tmp_path, game={"project": OWN_PROJECT, "scene": "res://nowhere.tscn"})
    with pytest.raises(UsageError, match="nowhere"):
        train(config, "one")
    assert not list(tmp_path.iterdir())


def test_a_game_that_fails_in_every_episode_fails_the_run_with_the_reason(tmp_path: Path) -> None:
    params = {"fault": "script_error", "fault_tick": 10}
    config = make_config(
        tmp_path,
        scenario={"params": params},
        game={"project": OWN_PROJECT, "scene": TOUCH, "arenas": 2, "max_lifetime_restarts": 2},
        rollout={"runners": 1},
    )
    with pytest.raises(TrialFailed, match=r"(?s)max_lifetime_restarts = 2.*script error"):
        train(config, "one")
    assert json.loads((tmp_path / "one" / "state.json").read_text())["status"] == "failed"
