"""Which policy plays which agents, and every disagreement between configuration and game."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from spacetime_rl.config import RunConfig, load
from spacetime_rl.contract import assign_policies, make_launch
from spacetime_rl.errors import ContractError
from spacetime_rl.export.schema import read_schema
from spacetime_rl.game.spec import (
    STOCK_WIRE,
    ActionField,
    AgentGroup,
    GameSpec,
    ImageField,
    ObservationField,
    PolicyLayout,
    TeamSpec,
)
from spacetime_rl.runs.shipped import Baseline, read_baselines

GIVER = PolicyLayout(
    (ObservationField("pose", 30), ObservationField("held", 1)), (), (ActionField("move", "continuous", 3),)
)
TAKER = PolicyLayout(
    (ObservationField("pose", 12),), (), (ActionField("move", "continuous", 3), ActionField("grip", "discrete", 2))
)


def make_spec(arenas: int = 1, **groups: tuple[PolicyLayout, int]) -> GameSpec:
    groups = groups or {"giver": (GIVER, 2), "taker": (TAKER, 2)}
    return GameSpec(
        scenario="room",
        arenas=arenas,
        physics_hz=90,
        action_repeat=4,
        groups=tuple(
            AgentGroup(name, tuple(f"{name}_{i}" for i in range(count)), layout)
            for name, (layout, count) in groups.items()
        ),
        params={"objective": "cooperate", "players": 4},
    )


def make_config(**settings: Any) -> RunConfig:
    return RunConfig.model_validate({"scenario": {"name": "room"}, **settings})


def problems_of(spec: GameSpec, **settings: Any) -> list[str]:
    with pytest.raises(ContractError) as caught:
        assign_policies(spec, make_config(**settings))
    return caught.value.problems


def rule(agents: str, policy: str) -> dict[str, str]:
    return {"agents": agents, "policy": policy}


def test_without_a_mapping_the_game_names_the_policies() -> None:
    giver, taker = assign_policies(make_spec(arenas=2), make_config())

    assert (giver.name, taker.name) == ("giver", "taker")
    assert giver.agents.tolist() == [0, 1, 2, 3]
    assert taker.agents.tolist() == [4, 5, 6, 7]
    assert [(group, rows.tolist()) for group, rows in taker.parts] == [(1, [0, 1, 2, 3])]
    assert giver.layout == GIVER
    assert giver.trained


def test_a_mapping_by_pattern_splits_a_group_in_every_arena() -> None:
    plans = assign_policies(
        make_spec(arenas=2),
        make_config(policy_mapping=[rule("giver_0", "first"), rule("giver_*", "rest"), rule("*", "taker")]),
    )

    agents = {plan.name: plan.agents.tolist() for plan in plans}
    assert agents == {"first": [0, 2], "rest": [1, 3], "taker": [4, 5, 6, 7]}


def test_one_policy_may_play_several_groups_of_the_same_spaces() -> None:
    spec = make_spec(arenas=2, red=(TAKER, 1), blue=(TAKER, 2))

    (plan,) = assign_policies(spec, make_config(policy_mapping=[rule("*", "shared")]))

    assert [(group, rows.tolist()) for group, rows in plan.parts] == [(0, [0, 1]), (1, [0, 1, 2, 3])]
    assert plan.agents.tolist() == [0, 1, 2, 3, 4, 5]


def test_only_policies_to_train_are_trained() -> None:
    giver, taker = assign_policies(make_spec(), make_config(policies_to_train=["taker"]))

    assert not giver.trained
    assert taker.trained


def test_a_configuration_becomes_the_launch_of_its_game() -> None:
    launch = make_launch(make_config(game={"arenas": 3, "port_range": [20000, 20100]}, seed=7))

    assert (launch.scenario, launch.arenas, launch.seed, launch.port_range) == ("room", 3, 7, (20000, 20100))


def test_a_pattern_that_matches_no_agent_is_named() -> None:
    found = problems_of(make_spec(), policy_mapping=[rule("givr_*", "giver"), rule("*", "all")])

    assert "policy_mapping.0.agents: 'givr_*' matches no agent; agents: giver_0, giver_1, taker_0, taker_1" in found


def test_a_pattern_behind_one_that_takes_all_its_agents_is_named() -> None:
    spec = make_spec(taker=(TAKER, 2))

    found = problems_of(spec, policy_mapping=[rule("*", "all"), rule("taker_*", "taker")])

    assert found == ["policy_mapping.1.agents: 'taker_*' matches only agents that a rule above it has taken"]


def test_an_agent_without_a_policy_is_named() -> None:
    found = problems_of(make_spec(), policy_mapping=[rule("giver_*", "giver")])

    assert found == ["policy_mapping: no rule matches taker_0, taker_1; every agent needs a policy"]


def test_agents_of_one_policy_must_have_the_same_spaces() -> None:
    (problem,) = problems_of(make_spec(), policy_mapping=[rule("*", "shared")])

    assert problem.startswith("policies.shared: would play 'giver' and 'taker', whose spaces differ")
    assert "pose(30) + held(1) -> move:continuous(3)" in problem


def test_spaces_that_disagree_name_the_field_and_both_sizes() -> None:
    found = problems_of(make_spec(), policies={"giver": {"observation_size": 12, "action_size": 4}})

    assert found == [
        "policies.giver.observation_size: the game says 31, the config 12",
        "policies.giver.action_size: the game says 3, the config 4",
    ]


def test_unknown_policies_and_parameters_are_all_listed_at_once() -> None:
    found = problems_of(
        make_spec(),
        policies={"givr": {}},
        policies_to_train=["takr"],
        scenario={"name": "room", "params": {"player": 3}},
    )

    assert found == [
        "policies.givr: plays no agent of this game; did you mean 'giver'?",
        "policies_to_train.0: 'takr' plays no agent of this game; did you mean 'taker'?",
        "scenario.params.player: room has no such parameter; did you mean 'players'?",
    ]


def test_a_policy_name_of_the_game_that_cannot_name_a_file_asks_for_a_mapping() -> None:
    spec = make_spec(1, **{"../up": (TAKER, 1)})

    (problem,) = problems_of(spec)

    assert "'../up' cannot name a file" in problem
    assert [plan.name for plan in assign_policies(spec, make_config(policy_mapping=[rule("*", "up")]))] == ["up"]


DRIVER = PolicyLayout((ObservationField("pose", 4),), (), (ActionField("gear", "discrete", 5),))
WATCHER = PolicyLayout((), (ImageField("camera", (8, 8, 3)),), (ActionField("gear", "discrete", 5),))


@pytest.mark.parametrize(
    ("algorithm", "layout", "problem"),
    [
        ("DQN", GIVER, "DQN chooses one action out of several, but the game says of policy 'one': [pose(30) + held(1)"),
        ("DQN", TAKER, "DQN chooses one action out of several, but the game says of policy 'one': [pose(12)"),
        ("DQN", WATCHER, "DQN sees no images, but the game says of policy 'one': [ + camera[8, 8, 3]"),
        ("SAC", TAKER, "SAC has only continuous actions, but the game says of policy 'one': [pose(12)"),
        ("SAC", GIVER, None),
        ("DQN", DRIVER, None),
        ("APPO", TAKER, None),
    ],
)
def test_an_algorithm_that_cannot_play_a_policys_spaces_is_told(
    algorithm: str, layout: PolicyLayout, problem: str | None
) -> None:
    spec = make_spec(one=(layout, 1))
    if problem is None:
        assert assign_policies(spec, make_config(algorithm=algorithm))
        return
    (found,) = problems_of(spec, algorithm=algorithm)
    assert found.startswith(f"algorithm: {problem}")
    able = "PPO, APPO, IMPALA or SAC" if "one action" in problem and layout is GIVER else "PPO, APPO or IMPALA"
    assert found.endswith(f"; use {able}")


def test_a_game_without_agents_is_refused() -> None:
    spec = GameSpec("empty", 1, 90, 1, groups=())

    assert problems_of(spec) == ["empty: the game declares no agents"]


@pytest.mark.parametrize("baseline", read_baselines(), ids=lambda baseline: baseline.name)
def test_an_algorithm_that_cannot_learn_a_packaged_scenario_names_those_that_can(baseline: Baseline) -> None:
    layouts = {name: read_schema(baseline.folder / f"{name}.schema.json").layout for name in baseline.policies}
    groups = tuple(AgentGroup(name, (f"{name}_0",), layout) for name, layout in layouts.items())
    spec = GameSpec(baseline.scenario, 1, 90, 8, groups, baseline.config.scenario.params)
    kinds = [[action.kind for action in layout.actions] for layout in layouts.values()]
    only_continuous = all(set(each) == {"continuous"} for each in kinds)
    one_choice = all(each == ["discrete"] for each in kinds)
    able = ["PPO", "APPO", "IMPALA", *(["SAC"] if only_continuous else []), *(["DQN"] if one_choice else [])]
    listed = f"{', '.join(able[:-1])} or {able[-1]}"
    for algorithm in ("PPO", "APPO", "IMPALA", "SAC", "DQN"):
        params = json.dumps(dict(baseline.config.scenario.params))
        changes = [f"algorithm={algorithm}", f"scenario.params={params}"]
        config = load(baseline.name.partition("-")[0], changes, say=lambda note: None)
        if algorithm in able:
            assert {plan.name for plan in assign_policies(spec, config)} == set(layouts)
            continue
        with pytest.raises(ContractError) as caught:
            assign_policies(spec, config)
        for problem in caught.value.problems:
            assert problem.endswith(f"; use {listed}")


def test_a_value_function_that_would_see_no_other_agent_is_refused() -> None:
    alone, stock = make_spec(walker=(GIVER, 1)), replace(make_spec(), wire=STOCK_WIRE)
    arena, team = {"critic": "arena"}, {"critic": "team"}
    assert problems_of(alone, scenario={"name": "room"}, training=arena) == [
        "training.critic: arena would have no effect: room has one agent in an arena; use own"
    ]
    assert problems_of(make_spec(), policies={"giver": {"training": team}}) == [
        "policies.giver.training.critic: room declares no team of several agents; use own or arena"
    ]
    assert problems_of(stock, training=team) == [
        "training.critic: room is a stock game, which has no teams; use own or arena"
    ]
    crew = replace(make_spec(), teams=(TeamSpec("crew", ("giver_0", "taker_1")),))
    assert len(assign_policies(crew, make_config(training=team))) == 2


def test_a_scripted_policy_does_not_learn_and_another_has_to() -> None:
    giver, taker = assign_policies(make_spec(), make_config(policies={"taker": {"scripted": True}}))

    assert (giver.trained, taker.trained) == (True, False)
    both = {name: {"scripted": True} for name in ("giver", "taker")}
    assert problems_of(make_spec(), policies=both) == [
        "policies.giver.scripted: no other policy learns; take it out",
    ]


def test_what_learns_against_itself_has_no_best_checkpoint_and_the_reason_is_said() -> None:
    spec = replace(make_spec(seeker=(TAKER, 1), hider=(TAKER, 1)), params={"shared": False})
    every = {"scenario": {"name": "tag", "params": {"shared": False}}, "evaluation": {"every_agent_steps": 1000}}
    alone = make_spec(player=(TAKER, 2))
    shared = replace(alone, groups=(replace(alone.groups[0], metrics=("return", "won")),))

    against = problems_of(spec, **every)
    itself = problems_of(shared, scenario={"name": "tag"}, evaluation={"every_agent_steps": 1000})
    league = problems_of(spec, league={}, **every)

    for problems in (against, itself):
        assert [problem for problem in problems if "play against each other" in problem and "league RUN" in problem]
    assert [problem for problem in league if "a league has no best checkpoint" in problem]


def test_one_side_that_learns_alone_can_be_evaluated_in_training() -> None:
    spec = replace(make_spec(seeker=(TAKER, 1), hider=(TAKER, 1)), params={"shared": False})
    alone = {"policies": {"hider": {"scripted": True}}, "evaluation": {"every_agent_steps": 1000}}

    plans = assign_policies(spec, make_config(scenario={"name": "tag", "params": {"shared": False}}, **alone))

    assert [plan.name for plan in plans] == ["seeker", "hider"]
