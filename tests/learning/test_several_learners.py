"""Several learners learn together what one alone would learn from the same batch."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from support.demonstrators import record_good_play
from support.fake_runs import LSTM, MIXED, make_config, make_plan, make_ppo
from support.toy_game import FakeGameOpener, make_group, make_layout
from support.two_learners import Task, TwoLearners, learn, two_learners

from spacetime_rl.demonstrations.keep import keep_demonstrations
from spacetime_rl.errors import LearnersLost
from spacetime_rl.export.onnx import export_checkpoint
from spacetime_rl.learning.learners import on_first
from spacetime_rl.learning.snapshots import save_snapshot
from spacetime_rl.notices import NOTICES
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.runs.layout import RunPaths

pytestmark = pytest.mark.usefixtures("ray_cluster")

WALKERS = (make_group("walker", 4, make_layout()),)
CHOOSERS = (make_group("walker", 4, make_layout(continuous=0, choices=3)),)
SIZES = {"train_batch_size": 333, "minibatch_size": 50, "lr": 3e-3}
ONE_GAME: dict[str, Any] = {"runners": 1, "games_per_runner": 1}
IN_TURNS = ONE_GAME | {"overlap": False}  # so that every iteration learns from a whole batch
BOTH = {"policies": {"giver": LSTM, "taker": {"training": {"gamma": 0.5, "lr": 1e-3}}}}
PENALTY = {"use_kl_loss": True, "entropy_coeff": 0.01, "grad_clip": 0.1}
CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "PPO": (WALKERS, {}),
    "PPO with penalties and a small limit for gradients": (WALKERS, {"training": PENALTY}),
    "PPO of two policies, one recurrent": (MIXED, BOTH),
    "PPO of two policies, one recurrent, with penalties": (MIXED, {**BOTH, "training": PENALTY}),
    "PPO with a critic that sees the arena": (MIXED, {"training": {"critic": "arena"}}),
    "PPO with a curious policy": (WALKERS, {"curiosity": {"weight": 0.5}}),
    "APPO": (WALKERS, {"algorithm": "APPO"}),
    "APPO of two policies, one recurrent": (MIXED, {"algorithm": "APPO", **BOTH}),
    "IMPALA": (WALKERS, {"algorithm": "IMPALA", "training": {"minibatch_size": 125}}),
    "SAC": (WALKERS, {"algorithm": "SAC", "training": {"warmup_steps": 100}}),
    "DQN": (CHOOSERS, {"algorithm": "DQN", "training": {"warmup_steps": 100}}),
}


@pytest.fixture(scope="module")
def pair(ray_cluster: None) -> Iterator[TwoLearners]:
    with two_learners() as found:
        yield found


def make_task(opener: FakeGameOpener, config: Any) -> Task:
    """Two batches of a game to learn from."""
    algorithm = make_ppo(opener, config)
    runner = GameEnvRunner(algorithm, worker_index=0)
    spec = algorithm.get_multi_rl_module_spec(spaces=runner.get_spaces(), inference_only=False)
    batches = [runner.sample(num_timesteps=333) for _ in range(2)]
    runner.stop()
    return Task(algorithm, spec, batches)


def numbers(tree: Any, path: str = "") -> dict[str, np.ndarray]:
    """All arrays and numbers of a nested state, by their place in it."""
    if isinstance(tree, Mapping):
        parts = [numbers(value, f"{path}/{key}") for key, value in tree.items()]
    elif isinstance(tree, list | tuple):
        parts = [numbers(value, f"{path}/{index}") for index, value in enumerate(tree)]
    elif isinstance(tree, np.ndarray | float | int | torch.Tensor):
        return {path: np.asarray(tree, np.float64)}
    else:
        return {}
    return {key: value for part in parts for key, value in part.items()}


def differences(one: Any, other: Any) -> dict[str, float]:
    """The largest difference of every array of two states."""
    mine, theirs = numbers(one), numbers(other)
    assert set(mine) == set(theirs)
    return {key: float(np.abs(mine[key] - theirs[key]).max(initial=0.0)) for key in mine}


SLOW = {"PPO", "PPO of two policies, one recurrent", "APPO", "IMPALA"}  # others show what they show


@pytest.mark.parametrize(
    "case", [pytest.param(case, marks=pytest.mark.slow) if case in SLOW else case for case in CASES]
)
def test_two_learners_make_of_a_batch_what_one_makes_of_it(case: str, pair: TwoLearners) -> None:
    groups, sections = CASES[case]
    config = make_config(**{**sections, "training": {**SIZES, **sections.get("training", {})}})
    task = make_task(FakeGameOpener(groups, arenas=4, lengths=(5, 7)), config)

    first, second = pair.learn(task)
    alone = learn(Task(task.config, task.spec, task.batches, first.begun))

    assert set(differences(first.begun["rl_module"], second.begun["rl_module"]).values()) == {0.0}
    changed = differences(first.begun["rl_module"], first.state["rl_module"])
    assert max(changed.values()) > 1e-3
    for part in set(alone.state) - {"metrics_logger"}:
        assert max(differences(first.state[part], second.state[part]).values(), default=0.0) == 0.0, part
        found = {key: off for key, off in differences(alone.state[part], first.state[part]).items() if off > 1e-5}
        assert found == {}, part


def build(algorithm: str = "PPO", learners: int = 2, groups: Any = WALKERS, **sections: Any) -> Any:
    defaults = {
        "algorithm": algorithm,
        "training": SIZES | {"train_batch_size": 1000},
        "resources": {"learners": learners},
        "rollout": ONE_GAME,
    }
    opener = FakeGameOpener(groups, arenas=4, lengths=(5, 7))
    return make_ppo(opener, make_config(**{**defaults, **sections})).build_algo()


def saved_network(algorithm: Any, folder: Path) -> dict[str, np.ndarray]:
    """A policy's whole network, as a league writes it."""
    save_snapshot(algorithm.learner_group, "walker", folder / "walker.npz")
    with np.load(folder / "walker.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("algorithm", ["PPO", pytest.param("SAC", marks=pytest.mark.slow)])
def test_two_learners_learn_from_demonstrations_as_one_does(algorithm: str, pair: TwoLearners, tmp_path: Path) -> None:
    opener = FakeGameOpener(WALKERS, arenas=4, lengths=(5, 7))
    record_good_play(tmp_path / "recorded", WALKERS)
    config = make_config(
        algorithm=algorithm,
        training=SIZES | ({"warmup_steps": 100} if algorithm == "SAC" else {}),
        imitation={"from": str(tmp_path / "recorded"), "epochs": 2, "weight": 0.5},
        results=tmp_path,
    )
    folder = RunPaths(tmp_path / "run").demonstrations
    keep_demonstrations(config, opener.spec, make_plan(opener, config).policies, folder)
    task = make_task(opener, config)

    first, second = pair.learn(task)
    alone = learn(Task(task.config, task.spec, task.batches, first.built))

    for part in ("rl_module", "optimizer"):
        assert max(differences(first.state[part], second.state[part]).values()) == 0.0
        found = {key: off for key, off in differences(alone.state[part], first.state[part]).items() if off > 1e-5}
        assert found == {}, part


@pytest.mark.slow  # starts learners three times
def test_a_run_with_two_learners_learns_is_saved_and_exported_and_goes_on_with_one_and_with_two(tmp_path: Path) -> None:
    algorithm = build(rollout=IN_TURNS)
    pids = [answer.get() for answer in algorithm.learner_group.foreach_learner(lambda _: os.getpid())]
    results = [algorithm.train() for _ in range(6)]
    algorithm.save_checkpoint(str(tmp_path / "two"))
    learned = saved_network(algorithm, tmp_path)
    runner = algorithm.env_runner_group.foreach_env_runner(
        lambda runner: runner.module["walker"].state_dict(), local_env_runner=False
    )[0]
    algorithm.stop()

    assert len(set(pids) - {os.getpid()}) == 2
    assert results[-1]["policy/walker/return_mean"] > results[0]["policy/walker/return_mean"] + 1.0
    steps = [result["health/gradient_steps"] for result in results]
    assert steps == [steps[0] * number for number in range(1, 7)]  # counted once, not by each learner
    assert {"policy/walker/kl", "policy/walker/entropy", "policy/walker/value_loss"} <= set(results[-1])
    assert all(np.array_equal(value.numpy(), learned[key]) for key, value in runner.items())
    (exported,) = export_checkpoint(tmp_path / "two", tmp_path / "onnx")
    assert exported.parity <= 1e-5

    alone = build(learners=1, rollout=IN_TURNS)
    alone.load_checkpoint(str(tmp_path / "two"))
    assert not any(differences(learned, saved_network(alone, tmp_path)).values())
    assert alone.train()["agent_steps"] >= 7000
    alone.save_checkpoint(str(tmp_path / "one"))
    later = saved_network(alone, tmp_path)
    alone.stop()

    again = build(learners=2, rollout=IN_TURNS)
    again.load_checkpoint(str(tmp_path / "one"))
    assert not any(differences(later, saved_network(again, tmp_path)).values())
    optimizers = [answer.get() for answer in again.learner_group.foreach_learner(lambda one: one.get_state())]
    assert not any(differences(optimizers[0]["optimizer"], optimizers[1]["optimizer"]).values())
    assert again.train()["agent_steps"] >= 8000
    again.stop()


@pytest.mark.slow  # starts two learners twice, and kills all of them
def test_a_learner_that_dies_is_replaced_and_the_run_goes_on() -> None:
    algorithm = build("APPO")
    before = algorithm.train()["agent_steps"]
    pids = [answer.get() for answer in algorithm.learner_group.foreach_learner(lambda _: os.getpid())]
    count = float(on_first(algorithm.learner_group, lambda one: one.module["walker"].normalizer.count))

    os.kill(pids[1], signal.SIGKILL)
    result = algorithm.train()

    after = [answer.get() for answer in algorithm.learner_group.foreach_learner(lambda _: os.getpid())]
    assert not set(after) & set(pids)
    assert result["agent_steps"] > before
    assert float(on_first(algorithm.learner_group, lambda one: one.module["walker"].normalizer.count)) > count
    assert "learner died" in str(result[NOTICES])
    for answer in algorithm.learner_group.foreach_learner(lambda _: os.getpid()):
        os.kill(answer.get(), signal.SIGKILL)
    with pytest.raises(LearnersLost, match="all learners have died"):
        algorithm.train()
    algorithm.stop()
