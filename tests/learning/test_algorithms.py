"""APPO, IMPALA, SAC and DQN over batched games: they learn, their checkpoints go on, their policies are exported."""

from __future__ import annotations

import copy
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.fake_runs import LSTM, MIXED, make_config, make_ppo
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import GameDied, RestartsExhausted
from spacetime_rl.export.onnx import export_checkpoint

pytestmark = pytest.mark.usefixtures("ray_cluster")

TRAINING: dict[str, dict[str, Any]] = {
    "APPO": {"train_batch_size": 1000, "minibatch_size": 250, "lr": 3e-3},
    "IMPALA": {"train_batch_size": 1000, "minibatch_size": 125, "lr": 3e-3},
    "SAC": {"train_batch_size": 1000, "minibatch_size": 128, "warmup_steps": 1000, "lr": 3e-3},
    "DQN": {"train_batch_size": 1000, "minibatch_size": 128, "warmup_steps": 1000, "lr": 3e-3, "epsilon_steps": 5000},
}
METRICS = {
    "APPO": {"entropy", "kl", "policy_loss", "value_loss"},
    "IMPALA": {"entropy", "kl", "policy_loss", "value_loss"},
    "SAC": {"entropy", "policy_loss", "q_loss", "q_mean", "alpha"},
    "DQN": {"q_loss", "q_mean", "epsilon"},
}
WALKERS = (make_group("walker", 4, make_layout()),)
CHOOSERS = (make_group("walker", 4, make_layout(continuous=0, choices=3)),)


def build(algorithm: str, opener: FakeGameOpener | None = None, **sections: Any) -> Any:
    games = opener or FakeGameOpener(CHOOSERS if algorithm == "DQN" else WALKERS, arenas=4, lengths=(5, 7))
    defaults = {"algorithm": algorithm, "training": TRAINING.get(algorithm, {})}
    return make_ppo(games, make_config(**{**defaults, **sections})).build_algo()


def weights_of(algorithm: Any) -> dict[str, torch.Tensor]:
    return copy.deepcopy(algorithm.learner_group._learner.module["walker"].state_dict())


@pytest.mark.parametrize("name", TRAINING)
def test_it_learns_goes_on_from_its_checkpoint_and_is_exported(name: str, tmp_path: Path) -> None:
    algorithm = build(name)
    before = weights_of(algorithm)
    results = [algorithm.train() for _ in range(9)]
    learned = weights_of(algorithm)
    algorithm.save_checkpoint(str(tmp_path))
    algorithm.stop()

    first, last = results[0], results[-1]
    assert last["policy/walker/return_mean"] > first["policy/walker/return_mean"] + 1.5
    assert {metric for metric in METRICS[name] if np.isfinite(last[f"policy/walker/{metric}"])} == METRICS[name]
    assert last["agent_steps"] >= 9000
    assert 0 < last["perf/share_learner"] < 1
    still = {key for key, value in learned.items() if value.equal(before[key])}
    assert still == set()

    card = json.loads((tmp_path / "spacetime.json").read_text())
    assert (card["config"]["algorithm"], card["iteration"]) == (name, 9)
    (exported,) = export_checkpoint(tmp_path, tmp_path / "onnx")
    assert exported.parity <= 1e-5

    again = build(name)
    again.load_checkpoint(str(tmp_path))
    restored = weights_of(again)
    assert all(value.equal(learned[key]) for key, value in restored.items())
    runner = again.env_runner.module["walker"].state_dict()
    assert all(value.equal(learned[key]) for key, value in runner.items())
    assert again.train()["agent_steps"] >= 10_000
    assert again.train()["policy/walker/return_mean"] > first["policy/walker/return_mean"] + 1.0
    again.stop()


@pytest.mark.parametrize("name", ["PPO", "APPO", "SAC"])
def test_the_learning_rate_approaches_its_final_value_with_the_agent_steps(name: str) -> None:
    training = {"train_batch_size": 1000, "minibatch_size": 250, "lr": 1e-3, "final_lr": 1e-4}
    algorithm = build(name, training=training, stop={"agent_steps": 3000})
    rates = []
    for _ in range(5):
        algorithm.train()
        ((_, optimizer),) = algorithm.learner_group._learner.get_optimizers_for_module("walker")
        rates.append(optimizer.param_groups[0]["lr"])
    algorithm.stop()

    assert 6e-4 < rates[0] < 8e-4
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(1e-4)


@pytest.mark.parametrize("name", ["APPO", "IMPALA"])
def test_recurrent_and_stateless_policies_with_mixed_actions_learn_side_by_side(name: str) -> None:
    algorithm = build(
        name,
        FakeGameOpener(MIXED, arenas=4, lengths=(5, 7)),
        policies={"giver": LSTM, "taker": {"training": {"lr": 1e-3}}},
    )
    results = [algorithm.train() for _ in range(12)]
    algorithm.stop()
    for policy in ("giver", "taker"):
        assert results[-1][f"policy/{policy}/return_mean"] > results[0][f"policy/{policy}/return_mean"] + 0.3


@pytest.mark.parametrize("name", ["SAC", "DQN"])
def test_a_policy_that_is_not_to_be_trained_stays_as_it_is(name: str) -> None:
    layout = CHOOSERS[0].layout if name == "DQN" else WALKERS[0].layout
    opener = FakeGameOpener((make_group("walker", 2, layout), make_group("other", 2, layout)), arenas=4)
    algorithm = build(name, opener, policies_to_train=["walker"])
    modules = algorithm.learner_group._learner.module
    before = copy.deepcopy(modules["other"].state_dict())
    for _ in range(3):
        result = algorithm.train()
    algorithm.stop()
    assert all(value.equal(before[key]) for key, value in modules["other"].state_dict().items())
    assert "policy/other/return_mean" in result
    assert "policy/other/q_loss" not in result


def test_the_weight_of_the_entropy_and_the_critics_that_follow_are_kept_in_the_checkpoint(tmp_path: Path) -> None:
    algorithm = build("SAC", training={**TRAINING["SAC"], "initial_alpha": 0.5})
    for _ in range(3):
        result = algorithm.train()
    algorithm.save_checkpoint(str(tmp_path))
    algorithm.stop()
    assert result["policy/walker/alpha"] < 0.5

    again = build("SAC", training={**TRAINING["SAC"], "initial_alpha": 0.5})
    again.load_checkpoint(str(tmp_path))
    learner = again.learner_group._learner
    # The metric is of the last gradient step's loss, the weight has made one step more.
    assert learner.curr_log_alpha["walker"].exp().item() == pytest.approx(result["policy/walker/alpha"], rel=0.01)
    again.stop()


def test_runners_play_while_the_learner_learns(monkeypatch: pytest.MonkeyPatch) -> None:
    algorithm = build("IMPALA", rollout={"runners": 1})
    update = algorithm.learner_group.update
    played: list[Any] = []

    def look_for_fragments_and_update(**batch: Any) -> Any:
        played.extend(algorithm.env_runner_group.fetch_ready_async_reqs(tags="play", timeout_seconds=60))
        return update(**batch)

    monkeypatch.setattr(algorithm.learner_group, "update", look_for_fragments_and_update)
    algorithm.train()
    algorithm.stop()
    assert played
    assert all(fragment.episodes for _, fragment in played)


def test_sampling_goes_on_when_a_runner_is_killed() -> None:
    algorithm = build("APPO", rollout={"runners": 2})

    def pids() -> list[int]:
        runners = algorithm.env_runner_group
        found: list[int] = runners.foreach_env_runner(lambda _: os.getpid(), local_env_runner=False)
        return found

    algorithm.train()
    first = pids()
    os.kill(first[0], signal.SIGKILL)
    begun = algorithm.train()["agent_steps"]
    deadline = time.monotonic() + 120
    while len(pids()) < 2 and time.monotonic() < deadline:
        algorithm.train()
    assert len(set(pids()) - set(first)) == 1
    assert algorithm.train()["agent_steps"] >= begun + 1000
    algorithm.stop()


@pytest.mark.parametrize("runners", [0, 1])
def test_games_that_fail_for_good_end_the_training_with_the_reason(runners: int) -> None:
    FakeGame.requests = 0
    opener = FakeGameOpener(WALKERS, fault=GameDied("killed by SIGSEGV"), fails_at=tuple(range(3, 999)))
    config = make_config(algorithm="SAC", training=TRAINING["SAC"], rollout={"runners": runners})
    algorithm = make_ppo(opener, config, max_lifetime_restarts=3).build_algo()
    with pytest.raises(RestartsExhausted, match=r"max_lifetime_restarts = 3.*killed by SIGSEGV"):
        algorithm.train()
    algorithm.stop()


def test_a_policy_may_reckon_with_gamma_and_steps_of_its_own() -> None:
    config = make_config(
        algorithm="SAC", training=TRAINING["SAC"], policies={"walker": {"training": {"gamma": 0.5, "n_step": 3}}}
    )
    algorithm = make_ppo(FakeGameOpener(WALKERS), config)
    own = algorithm.get_config_for_module("walker")
    assert (own.gamma, own.n_step, own.tau, own.lr) == (0.5, 3, 0.005, 3e-3)


def test_what_is_replayed_follows_the_seed_of_the_run() -> None:
    drawn = []
    for seed in (1, 2):
        algorithm = build("SAC", training=TRAINING["SAC"], seed=seed)
        algorithm.train()
        drawn.append(algorithm.learner_group._learner._replays["walker"]._rng.bit_generator.seed_seq.entropy)
        algorithm.stop()
    assert drawn == [[1, 0], [2, 0]]
