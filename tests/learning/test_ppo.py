"""PPO over batched games on a real Ray: it learns, survives what dies, and its checkpoints go on where it stopped."""

from __future__ import annotations

import copy
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from support.fake_runs import LSTM, MIXED, make_config, make_ppo
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import GameDied, NothingLearned, RestartsExhausted
from spacetime_rl.learning.ppo import OverlappingPPO, SpacetimePPO
from spacetime_rl.notices import NOTICES, from_data
from spacetime_rl.rollout.reward_hook import HookPlace
from spacetime_rl.tuning.trial_end import has_learned_nothing

pytestmark = pytest.mark.usefixtures("ray_cluster")

ONE = (make_group("giver", 2, make_layout()),)


def build(opener: FakeGameOpener, config: Any, **changes: Any) -> SpacetimePPO:
    algorithm: SpacetimePPO = make_ppo(opener, config, **changes).build_algo()
    return algorithm


def runner_pids(algorithm: SpacetimePPO) -> list[int]:
    runners = algorithm.env_runner_group
    pids: list[int] = runners.foreach_env_runner(lambda _: os.getpid(), local_env_runner=False)
    return pids


@pytest.fixture(scope="module")
def learning(ray_cluster: None) -> Iterator[SpacetimePPO]:
    """One algorithm with two runners for several tests: starting the runners takes most of the time."""
    config = make_config(
        rollout={"runners": 2, "overlap": False},
        training={"train_batch_size": 2000, "minibatch_size": 250, "lr": 3e-3},
        policies={"giver": LSTM, "taker": {"training": {"gamma": 0.5, "lr": 1e-3}}},
    )
    algorithm = build(FakeGameOpener(MIXED, arenas=4, lengths=(5, 7)), config)
    yield algorithm
    algorithm.stop()


def test_recurrent_and_stateless_policies_learn_side_by_side(learning: SpacetimePPO, tmp_path: Path) -> None:
    results = [learning.train() for _ in range(6)]
    first, last = results[0], results[-1]
    for policy in ("giver", "taker"):
        assert last[f"policy/{policy}/return_mean"] > first[f"policy/{policy}/return_mean"] + 0.5
        for name in ("length_mean", "success_rate", "reward/near", "entropy", "kl", "policy_loss", "advantage_std"):
            assert f"policy/{policy}/{name}" in last
        assert last[f"policy/{policy}/kl"] > 0
    assert 6 * 2000 <= last["agent_steps"] < 6 * 2000 * 1.1
    assert last["perf/agent_steps_per_s"] > 0
    assert 0 < last["perf/share_forward"] + last["perf/share_learner"] < 1
    assert last["health/restarts"] == 0

    learning.save_checkpoint(str(tmp_path))
    card = json.loads((tmp_path / "spacetime.json").read_text())
    assert (card["run_id"], card["iteration"], card["format"]) == ("run", 6, 1)
    assert {path.name for path in (tmp_path / "learner_group/learner/rl_module").iterdir()} >= {"giver", "taker"}
    learning.train()
    learning.load_checkpoint(str(tmp_path))
    again = learning.train()
    assert again["agent_steps"] == pytest.approx(last["agent_steps"] * 7 / 6, rel=0.02)


def test_normalisers_follow_the_observations_and_reach_the_runners(learning: SpacetimePPO) -> None:
    def count(runner: Any) -> float:
        return float(runner.module["taker"].normalizer.count)

    before = learning.env_runner_group.foreach_env_runner(count, local_env_runner=False)
    learning.train()
    after = learning.env_runner_group.foreach_env_runner(count, local_env_runner=False)
    assert min(after) > max(before)


def test_training_goes_on_when_a_runner_is_killed(learning: SpacetimePPO) -> None:
    pids = runner_pids(learning)
    begun = learning.train()["agent_steps"]
    os.kill(pids[0], signal.SIGKILL)
    assert learning.train()["agent_steps"] >= begun + 2000
    deadline = time.monotonic() + 120
    while len(runner_pids(learning)) < 2 and time.monotonic() < deadline:
        learning.train()
    assert len(set(runner_pids(learning)) - set(pids)) == 1


def test_a_policy_that_is_not_to_be_trained_stays_as_it_is() -> None:
    algorithm = build(FakeGameOpener(MIXED), make_config(policies_to_train=["giver"]))
    modules = algorithm.learner_group._learner.module
    before = {name: copy.deepcopy(modules[name].state_dict()) for name in ("giver", "taker")}
    algorithm.train()
    changed = {
        name: any(not value.equal(modules[name].state_dict()[key]) for key, value in state.items())
        for name, state in before.items()
    }
    algorithm.stop()
    assert changed == {"giver": True, "taker": False}


def test_games_that_fail_for_good_end_the_training_with_the_reason() -> None:
    FakeGame.requests = 0
    opener = FakeGameOpener(ONE, fault=GameDied("killed by SIGSEGV"), fails_at=tuple(range(3, 99)))
    algorithm = build(opener, make_config(), max_lifetime_restarts=3)
    with pytest.raises(RestartsExhausted, match=r"max_lifetime_restarts = 3.*killed by SIGSEGV"):
        algorithm.train()
    algorithm.stop()


@pytest.fixture
def huge_rewards(tmp_path: Path) -> HookPlace:
    """A reward function whose rewards overflow every loss, for the policy `giver` alone where it is one of two."""
    lines = ["def huge(step):", "    return step.rewards - (1e30 if step.policy == 'giver' else 0)", ""]
    (tmp_path / "huge_rewards.py").write_text("\n".join(lines))
    return HookPlace("huge_rewards.huge", tmp_path)


def test_gradient_steps_that_are_left_out_are_counted_in_the_result(huge_rewards: HookPlace) -> None:
    config = make_config(rollout={"runners": 1}, training={"train_batch_size": 100, "minibatch_size": 50})
    algorithm = build(FakeGameOpener(MIXED), config, reward_hook=huge_rewards)
    try:
        results = [algorithm.train() for _ in range(2)]
    finally:
        algorithm.stop()
    steps = results[-1]["health/gradient_steps_left_out"]
    assert 0 < steps < results[-1]["health/gradient_steps"]
    said = "policy giver: {n} gradient steps left out, their gradient was zero or not finite; are its rewards or"
    noticed = [notice for result in results for notice in from_data(result[NOTICES]) if "left out" in notice.text]
    assert all(notice.text.startswith(said) and notice.is_warning for notice in noticed)
    assert sum(notice.count for notice in noticed) == steps


def test_training_whose_updates_are_all_left_out_ends_with_the_reason(huge_rewards: HookPlace) -> None:
    config = make_config(training={"train_batch_size": 20, "minibatch_size": 20, "num_epochs": 1})
    algorithm = build(FakeGameOpener(ONE), config, reward_hook=huge_rewards)
    try:
        results = [algorithm.train() for _ in range(9)]
        with pytest.raises(
            NothingLearned, match=r"in the last 10 updates: .* are its rewards or observations too larg"
        ):
            algorithm.train()
    finally:
        algorithm.stop()
    assert has_learned_nothing(results[-1])


def test_runners_play_ahead_of_the_learner_where_that_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    config = make_config(
        rollout={"runners": 2, "overlap": True},
        training={"train_batch_size": 2000, "minibatch_size": 250, "lr": 3e-3},
    )
    algorithm = build(FakeGameOpener(MIXED, arenas=4, lengths=(5, 7)), config)
    assert isinstance(algorithm, OverlappingPPO)
    update, in_flight = algorithm.learner_group.update, []

    def note_and_update(**batch: Any) -> Any:
        in_flight.append(algorithm.env_runner_group.num_in_flight_async_reqs("play"))
        return update(**batch)

    monkeypatch.setattr(algorithm.learner_group, "update", note_and_update)
    results = [algorithm.train() for _ in range(7)]
    assert in_flight == [2] * 7
    assert results[-1]["policy/taker/return_mean"] > results[0]["policy/taker/return_mean"] + 0.5
    assert 0.9 * 7 * 2000 <= results[-1]["agent_steps"] <= 1.1 * 7 * 2000  # though agents wait for their arena

    os.kill(runner_pids(algorithm)[0], signal.SIGKILL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        done = algorithm.train()["agent_steps"]
        if done >= results[-1]["agent_steps"] + 4000 and len(runner_pids(algorithm)) == 2:
            break
    assert len(runner_pids(algorithm)) == 2
    algorithm.stop()


def test_rllib_can_evaluate_with_runners_of_our_own() -> None:
    config = make_ppo(FakeGameOpener(ONE, lengths=(5,)), make_config())
    config.evaluation(
        evaluation_num_env_runners=1,
        evaluation_interval=1,
        evaluation_duration=6,
        evaluation_duration_unit="episodes",
        evaluation_config=AlgorithmConfig.overrides(explore=False),
    )
    algorithm = config.build_algo()
    result = algorithm.train()["evaluation"]["env_runners"]
    seeds = algorithm.eval_env_runner_group.foreach_env_runner(
        lambda runner: runner._samplers[0]._game.launch.seed, local_env_runner=False
    )
    own = algorithm.env_runner_group.foreach_env_runner(lambda runner: runner._samplers[0]._game.launch.seed)
    algorithm.stop()
    assert result["num_episodes"] >= 6
    assert result["episode_len_mean"] == 5.0
    assert not set(seeds) & set(own)
