"""The contract of every player of an evaluation: random, scripted, trained, mixed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from support.fake_runs import make_config

from spacetime_rl.contract import PolicyPlan, assign_policies
from spacetime_rl.evaluation.policies import Actor
from spacetime_rl.evaluation.sources import (
    HeuristicSource,
    MixedSource,
    OnnxSource,
    RandomSource,
    Source,
    read_schemas,
)
from spacetime_rl.game.spec import AgentGroup, GameSpec
from spacetime_rl.runs.shipped import BASELINES

FOLDER = BASELINES / "vr_interaction"  # two policies: giver and taker
METRICS = ("episode", "return", "length", "success")
PLAYERS: dict[str, Callable[[], Source]] = {
    "random": RandomSource,
    "heuristic": HeuristicSource,
    "trained": lambda: OnnxSource(FOLDER),
    "mixed": lambda: MixedSource(OnnxSource(FOLDER), {"taker": RandomSource()}),
}


@pytest.fixture(params=PLAYERS)
def player(request: pytest.FixtureRequest) -> Source:
    return PLAYERS[request.param]()


def make_spec(arenas: int = 3) -> GameSpec:
    """A game that the shipped policies fit."""
    groups = [AgentGroup(name, (f"{name}_0",), schema.layout, METRICS) for name, schema in read_schemas(FOLDER).items()]
    return GameSpec("fake", arenas, 90, 1, tuple(groups))


def plans_of(spec: GameSpec) -> tuple[PolicyPlan, ...]:
    return assign_policies(spec, make_config(scenario={"name": "fake"}))


def actors_of(player: Source, stochastic: bool = False, seed: int = 4) -> list[tuple[PolicyPlan, Actor]]:
    spec = make_spec()
    plans = plans_of(spec)
    return list(zip(plans, player.make_actors(spec, plans, seed, stochastic), strict=True))


def begin(plan: PolicyPlan, actor: Actor) -> NDArray[np.float32]:
    """Observations of its agents, at the beginning of the episodes 0, 1, 2."""
    agents = len(plan.agents)
    actor.begin(np.arange(agents), np.arange(agents))
    return np.random.default_rng(1).normal(size=(agents, plan.layout.obs_dim)).astype(np.float32)


@pytest.mark.parametrize("stochastic", [False, True])
def test_it_gives_every_agent_an_action_of_its_policys_size(player: Source, stochastic: bool) -> None:
    for plan, actor in actors_of(player, stochastic):
        actions = actor.act(begin(plan, actor))
        assert (actions.shape, actions.dtype) == ((len(plan.agents), plan.layout.action_size), np.dtype(np.float32))
        assert np.isfinite(actions).all()


@pytest.mark.parametrize("stochastic", [False, True])
def test_the_same_seed_and_episodes_give_the_same_actions(player: Source, stochastic: bool) -> None:
    for (plan, actor), (_, again) in zip(actors_of(player, stochastic), actors_of(player, stochastic), strict=True):
        observations = begin(plan, actor)
        begin(plan, again)
        for _ in range(3):
            np.testing.assert_array_equal(actor.act(observations), again.act(observations))


def test_an_agents_actions_follow_from_its_own_observations_and_episode(player: Source) -> None:
    for (plan, actor), (_, other) in zip(actors_of(player), actors_of(player), strict=True):
        observations = begin(plan, actor)
        begin(plan, other)
        changed = observations.copy()
        changed[1:] += 1.0
        np.testing.assert_allclose(actor.act(observations)[0], other.act(changed)[0], atol=1e-6)


def test_it_has_a_name_and_says_whom_the_game_moves(player: Source) -> None:
    assert player.name
    assert player.control in ("policy", "heuristic")
    assert set(player.scripted) <= {"giver", "taker"}
