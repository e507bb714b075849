"""A run that begins with the weights of another one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.fake_runs import MIXED, make_config, make_plan, make_ppo
from support.toy_game import FakeGameOpener, make_group

from spacetime_rl.errors import UsageError
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.spec import ObservationField, PolicyLayout
from spacetime_rl.learning.algorithm import SpacetimeAlgorithm
from spacetime_rl.learning.warm_start import initial_weights
from spacetime_rl.runs.shipped import read_baseline

POLICIES = ("giver", "taker")

pytestmark = pytest.mark.usefixtures("ray_cluster")


def build(**sections: Any) -> SpacetimeAlgorithm:
    algorithm: SpacetimeAlgorithm = make_ppo(FakeGameOpener(MIXED), make_config(**sections)).build_algo()
    return algorithm


def state(algorithm: SpacetimeAlgorithm, policy: str) -> dict[str, np.ndarray]:
    weights: dict[str, np.ndarray] = algorithm.learner_group.get_weights()[policy]
    return weights


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, ray_cluster: None) -> Path:
    """The checkpoint of a run of one iteration."""
    folder = tmp_path_factory.mktemp("trained")
    algorithm = build()
    algorithm.train()
    algorithm.save_checkpoint(str(folder))
    for policy in POLICIES:
        weights: Any = state(algorithm, policy)  # a name among them could be an option of numpy's
        np.savez(folder / policy, **weights)
    algorithm.stop()
    return folder


def test_weights_and_statistics_are_taken_over_and_nothing_else(trained: Path) -> None:
    fresh, begun = build(), build(initialize_from=str(trained))

    assert begun.training_iteration == 0
    for policy in POLICIES:
        own, untrained, its = state(begun, policy), state(fresh, policy), np.load(trained / f"{policy}.npz")
        assert own.keys() == untrained.keys()
        assert all(np.array_equal(own[name], its[name]) for name in own)
        assert any(not np.array_equal(own[name], untrained[name]) for name in own if "weight" in name)
        counts = [float(own[name]) for name in own if name.endswith("count")]
        assert counts
        assert min(counts) > 0.0
    runner = begun.env_runner_group.local_env_runner
    played, learned = (_first_weight(m) for m in (runner.module["giver"], begun.get_module("giver")))
    assert np.array_equal(played, learned)
    for algorithm in (fresh, begun):
        algorithm.stop()


def _first_weight(module: Any) -> np.ndarray:
    return next(iter(module.get_state().values()))


def test_only_policies_of_the_same_name_are_taken_over(trained: Path) -> None:
    config = make_config(
        initialize_from=str(trained),
        policy_mapping=[{"agents": "giver*", "policy": "giver"}, {"agents": "*", "policy": "new"}],
    )

    assert set(initial_weights(config, make_plan(FakeGameOpener(MIXED), config).policies)) == {"giver"}


def test_a_value_function_that_sees_other_agents_begins_with_one_that_does_not(trained: Path, tmp_path: Path) -> None:
    arena = {"train_batch_size": 100, "minibatch_size": 50, "critic": "arena"}
    begun = build(initialize_from=str(trained), training=arena)
    its, own, first = np.load(trained / "giver.npz"), state(begun, "giver"), "value_trunk.hiddens.0.weight"
    assert np.array_equal(own[first][:, :3], its[first])
    assert not own[first][:, 3:].any()
    begun.train()
    begun.save_checkpoint(str(tmp_path))
    after = state(begun, "giver")
    begun.stop()
    assert after[first][:, 3:].any()

    again = build(initialize_from=str(tmp_path), training=arena)
    assert all(np.array_equal(state(again, "giver")[name], after[name]) for name in after)
    again.stop()
    config = make_config(initialize_from=str(tmp_path))
    with pytest.raises(UsageError, match=r"giver: its value function sees other agents there \(training.critic: arena"):
        initial_weights(config, make_plan(FakeGameOpener(MIXED), config).policies)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"hiddens": [8]}}, "giver: its network or algorithm differs there"),
        ({"model": {"hiddens": [16], "activation": "relu"}}, "giver: its network or algorithm differs there"),
        ({"policy_mapping": [{"agents": "*", "policy": "all"}]}, "it has the policies giver, taker, this run all"),
        ({"initialize_from": "nowhere"}, "nowhere"),
        ({"initialize_from": "baseline:landing"}, "there is no such baseline"),
        ({"initialize_from": "baseline:spacecraft_landing"}, "it has the policies pilot, this run giver, taker"),
    ],
)
def test_what_does_not_fit_is_told(trained: Path, changes: dict[str, Any], message: str) -> None:
    groups = MIXED if "policy_mapping" not in changes else MIXED[:1]
    config = make_config(**{"initialize_from": str(trained), **changes})

    with pytest.raises(UsageError, match=message):
        initial_weights(config, make_plan(FakeGameOpener(groups), config).policies)


def test_a_policy_that_sees_more_begins_with_one_that_sees_less(trained: Path) -> None:
    (group, *_) = MIXED
    richer = PolicyLayout((ObservationField("new", 2), *group.layout.fields), (), group.layout.actions)
    config = make_config(initialize_from=str(trained), model={"hiddens": [24]})

    begun = make_ppo(FakeGameOpener((make_group("giver", 2, richer),)), config).build_algo()

    its, own = np.load(trained / "giver.npz"), state(begun, "giver")
    first = "trunk.hiddens.0.weight"
    assert np.array_equal(own[first][:16, 2:], its[first])
    assert not own[first][:16, :2].any()
    begun.train()
    begun.stop()


def test_more_to_see_needs_a_hidden_layer(trained: Path) -> None:
    (group, *_) = MIXED
    richer = PolicyLayout((ObservationField("new", 2), *group.layout.fields), (), group.layout.actions)
    config = make_config(initialize_from=str(trained), model={"hiddens": []})

    with pytest.raises(UsageError, match="giver: it observes more in this run, which needs hidden layers"):
        initial_weights(config, make_plan(FakeGameOpener((make_group("giver", 2, richer),)), config).policies)


SHIPPED = {"hiddens": [64, 64], "activation": "silu", "symlog": 1000.0, "initial_log_std": -1.5}


def test_a_run_begins_with_a_baseline_and_explores_anew() -> None:
    landing = read_baseline("spacecraft_landing")
    layout = read_schema(landing.folder / "pilot.schema.json").layout
    richer = PolicyLayout((*layout.fields, ObservationField("others", 3)), (), layout.actions)
    config = make_config(initialize_from="baseline:spacecraft_landing", model=SHIPPED, reset_exploration=True)

    begun = make_ppo(FakeGameOpener((make_group("pilot", 2, richer),)), config).build_algo()

    its, own = np.load(landing.weights("pilot")), state(begun, "pilot")
    assert np.array_equal(own["normalizer.mean"][:15], its["normalizer.mean"])
    assert np.array_equal(own["action_head.weight"], its["action_head.weight"])
    assert np.allclose(own["log_std"], -1.5)
    begun.stop()


def test_another_game_is_told(trained: Path) -> None:
    from support.toy_game import make_group, make_layout

    config = make_config(initialize_from=str(trained))
    other = FakeGameOpener((make_group("giver", 2, make_layout(7, 2)),))

    with pytest.raises(
        UsageError, match="giver: its actions differ there, or it has observation fields that this run lacks"
    ):
        initial_weights(config, make_plan(other, config).policies)
