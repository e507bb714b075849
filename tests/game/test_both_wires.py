"""The same is asked of what a game declares and sends, whichever of the two wires it speaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from spacetime_rl.errors import ContractError, GameDied, GameError, HandshakeError, ObservationError, ProtocolError
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.stock_spec import read_stock_spec

Make: TypeAlias = Callable[..., GameLaunch]

NAN, HUGE = None, 1e39  # Godot writes NaN as null


@dataclass(frozen=True)
class Fault:
    """A wrong answer to step `at`: by the fake game's name for it, or as the stock game's message."""

    message: str
    ours: str = ""
    step: dict[str, Any] = field(default_factory=dict)
    at: int = 2
    error: type[GameError] = ObservationError


OURS = [
    Fault("reward of agent giver_1 is nan", "nan_reward"),
    Fault("reward of agent giver_0 is inf", "inf_reward"),
    Fault(r"observation place\[1\] of agent giver_1 is nan", "nan"),
    Fault(r"final observation place\[1\] of agent giver_0 is nan", "nan_final", at=3),
    Fault("metric return of agent giver_0 is inf", "inf_metric", at=3),
    Fault(r"metric success of agent giver_0 is 7, not from 0 \(failed\) to 1", "odd_success", at=3),
    Fault("the flags of agent giver_0 are 9, not a number from 0 to 7", "bad_flag", error=ProtocolError),
    Fault("the flags of agent giver_0 are nan", "nan_flag", error=ProtocolError),
    Fault("a STATE frame has 56 bytes; at least 60 are expected of 3 agents", "short", error=ProtocolError),
]

SEEN = [{"obs": [0.0, 1.0]}] * 3  # by agents p_0, q_0, p_1, the game's own order


def _one(value: object, others: object) -> list[object]:
    """What the game sends of its agents: `value` of its last one, p_1."""
    return [others, others, value]


def _seen(value: object) -> dict[str, Any]:
    return {"obs": [*SEEN[:2], value]}


STOCK = [
    Fault("reward of agent p_1 is nan", step={"reward": _one(NAN, 0.0)}),
    Fault(r"reward of agent p_1 is 1e\+39, more than a 32-bit float holds", step={"reward": _one(HUGE, 0.0)}),
    Fault("reward of agent p_1 is inf", step={"reward": _one(float("inf"), 0.0)}),
    Fault('reward of agent p_1 is "1.5", not a number', step={"reward": _one("1.5", 0.0)}),
    Fault(r"reward of agent p_1 is \[1.0\], not a number", step={"reward": _one([1.0], 0.0)}),
    Fault("reward of agent p_1 is 1000", step={"reward": _one(10**400, 0.0)}),
    Fault("'reward' has 2 entries; the game declared 3 agents", step={"reward": [0, 0]}, error=ProtocolError),
    Fault("'reward' is 0.5, not a list of one entry for each of 3 agents", step={"reward": 0.5}, error=ProtocolError),
    Fault("the message has no 'reward'", step={"reward": None}, error=ProtocolError),
    Fault("'obs' has 4 entries; the game declared 3 agents", step={"obs": [*SEEN, SEEN[0]]}, error=ProtocolError),
    Fault("'done' has 0 entries; the game declared 3 agents", step={"done": []}, error=ProtocolError),
    Fault("the message has no 'done'", step={"done": None}, error=ProtocolError),
    Fault("'info' has 1 entries; the game declared 3 agents", step={"info": [{}]}, error=ProtocolError),
    Fault('done of agent p_1 is "no", not true or false', step={"done": _one("no", False)}, error=ProtocolError),
    Fault("done of agent p_1 is null, not true or false", step={"done": _one(None, False)}, error=ProtocolError),
    Fault("info of agent p_1 is 3, not an object", step={"info": _one(3, {})}, error=ProtocolError),
    Fault(
        'truncated of agent p_1 is "a", not true or false',
        step={"info": _one({"truncated": "a"}, {})},
        error=ProtocolError,
    ),
    Fault(r"observation obs\[1\] of agent p_1 is nan", step=_seen({"obs": [0.0, NAN]})),
    Fault(r"observation obs\[0\] of agent p_1 is -1e\+39, more than", step=_seen({"obs": [-HUGE, 0.0]})),
    Fault(r'observation obs\[0\] of agent p_1 is "2", not a number', step=_seen({"obs": ["2", 0.0]})),
    Fault("observation obs of agent p_1 has 3 numbers; its space has 2", step=_seen({"obs": [1, 2, 3]})),
    Fault("observation obs of agent p_1 has 1 numbers; its space has 2", step=_seen({"obs": [1]})),
    Fault("observation obs of agent p_1 has 3 numbers; its space has 2", step=_seen({"obs": [[1], [2, 3]]})),
    Fault(r'observation obs of agent p_1 is missing; it sends \["eyes"\]', step=_seen({"eyes": [1, 2]})),
    Fault(r"observation of agent p_1 is \[1, 2\], not an object", step=_seen([1, 2])),
    Fault(
        r"final observation obs\[0\] of agent p_0 is nan",
        step={"info": [{"terminal_observation": {"obs": [NAN, 0.0]}}, {}, {}]},
        at=3,
    ),
    Fault("metric success of agent p_0 is 7, not from 0", step={"info": [{"is_success": 7}, {}, {}]}, at=3),
    Fault('metric success of agent p_0 is "yes", not a number', step={"info": [{"is_success": "yes"}, {}, {}]}, at=3),
]


@pytest.fixture(params=[*OURS, *STOCK], ids=lambda fault: fault.ours or str(fault.step)[:60])
def fault(request: pytest.FixtureRequest) -> Fault:
    made: Fault = request.param
    return made


def test_a_wrong_number_or_count_names_its_agent_and_ends_the_game(fault: Fault, fake: Make, fake_stock: Make) -> None:
    launch = fake(fault.ours, at=fault.at) if fault.ours else fake_stock(step=fault.step, at=fault.at)
    game = open_game(launch)
    game.reset(seed=0)
    still = _still(game)
    for _ in range(fault.at - 1):
        game.step(still)
    with pytest.raises(fault.error, match=fault.message):
        game.step(still)
    with pytest.raises(GameDied, match="the game is closed"):
        game.step(still)


@pytest.mark.parametrize("wire", ["ours", "stock"])
def test_a_game_without_faults_is_played_on(wire: str, fake: Make, fake_stock: Make) -> None:
    with open_game(fake() if wire == "ours" else fake_stock()) as game:
        result = game.reset(seed=0)
        for _ in range(8):
            result = game.step(_still(game))
        assert all(np.isfinite(observations).all() for observations in result.observations)


def test_truth_values_and_missing_infos_are_what_games_send_and_welcome(fake_stock: Make) -> None:
    said = {"obs": [{"obs": [True, 2]}, *SEEN[1:]], "done": [1, 0, False], "info": None}
    with open_game(fake_stock(step=said)) as game:
        game.reset(seed=0)
        game.step(_still(game))
        result = game.step(_still(game))
        np.testing.assert_array_equal(result.observations[0][0], [1.0, 2.0])
        np.testing.assert_array_equal(result.terminated, [True, False, False])


OUR_SPACES = {
    "fields": [{"name": "see", "size": 2}],
    "images": [],
    "actions": [{"name": "go", "kind": "continuous", "size": 1}],
}


def _group(**changes: Any) -> dict[str, Any]:
    group = {"name": "p", "agents": ["p_0"], "layout": OUR_SPACES, "metrics": ["episode", "return", "length"]}
    return {**group, **changes}


def _list(**changed: Any) -> dict[str, Any]:
    return {"name": "others", "kind": "entities", "size": 6, "columns": ["present", "x", "y"], **changed}


def _spaces(**changes: Any) -> dict[str, Any]:
    return {"groups": [_group(layout={**OUR_SPACES, **changes})]}


OUR_DECLARATIONS: list[tuple[dict[str, Any], str]] = [
    ({"groups": []}, "groups: found none, expected at least one policy with agents"),
    ({"groups": [_group(agents=[])]}, "policy 'p': agents: found none, expected at least one"),
    ({"groups": [_group(name="")]}, 'groups: name: found "", expected a name'),
    ({"groups": [_group(), _group()]}, "groups: names: found 'p' twice"),
    ({"groups": [_group(agents=["a", "a"])]}, "groups: agents: found 'a' twice"),
    ({"groups": [_group(metrics=["episode"])]}, r"policy 'p': metrics: found \[\"episode\"\], expected 'return' among"),
    ({"groups": [_group(metrics=["episode", "return", "length", "x", "x"])]}, "policy 'p': metrics: found 'x' twice"),
    ({"groups": {}}, "groups: found {}, expected a list"),
    ({"arenas": 0}, "arenas: found 0, expected a whole number of at least 1"),
    ({"arenas": None}, "arenas: found null, expected a whole number"),
    ({"arenas": 1.5}, "arenas: found 1.5, expected a whole number"),
    ({"physics_hz": float("nan")}, "physics_hz: found NaN, expected a whole number"),
    ({"action_repeat": -1}, "action_repeat: found -1, expected a whole number of at least 1"),
    (_spaces(fields=[]), "policy 'p': fields: found none, expected at least one field or image to observe"),
    (_spaces(fields=[{"name": "see", "size": -2}]), "policy 'p': field 'see': size: found -2, expected a whole number"),
    (_spaces(fields=[_list(size=7)]), "policy 'p': field 'others': size: found 7, expected a multiple of 3"),
    (_spaces(fields=[_list(columns=["x", "y"])]), "policy 'p': field 'others': columns: found .* expected 'present'"),
    (_spaces(fields=[_list(columns=["present"])]), "policy 'p': field 'others': columns: found .* expected 'present'"),
    (_spaces(fields=[_list(columns=["present", "x", "x"])]), "field 'others': columns: found 'x' twice"),
    (_spaces(fields=[{"name": "see"}]), r"policy 'p': field 'see': found \[\"name\"\], expected the key 'size'"),
    (_spaces(images=[{"name": "eye", "shape": [2, 2]}]), "policy 'p': image 'eye': shape: found 2 numbers, expected 3"),
    (_spaces(images=[{"name": "eye", "shape": [2, 0, 1]}]), "policy 'p': image 'eye': shape: found 0, expected"),
    (_spaces(actions=[]), "policy 'p': actions: found none, expected at least one action to choose"),
    (
        _spaces(actions=[{"name": "go", "kind": "continous", "size": 1}]),
        "policy 'p': action 'go': kind: found \"continous\", expected 'continuous' or 'discrete'",
    ),
    (
        _spaces(actions=[{"name": "go", "kind": "discrete", "size": 1}]),
        "policy 'p': action 'go': size: found 1, expected a whole number of at least 2",
    ),
    (
        {"teams": [{"name": "red", "agents": ["walker_9"]}]},
        "team 'red': agents: found \"walker_9\", expected the name of an agent of the arena",
    ),
    ({"teams": [{"name": "red", "agents": ["a"]}, {"name": "blue", "agents": ["a"]}]}, "teams: agents: found"),
    ({"tasks": [{"name": "t"}]}, r"task 't': found \[\"name\"\], expected the key 'metrics'"),
]


@pytest.mark.parametrize(("spec", "message"), OUR_DECLARATIONS)
def test_an_impossible_spec_of_our_wire_is_refused_at_the_handshake(spec: dict[str, Any], message: str) -> None:
    whole = {"scenario": "fake", "arenas": 1, "physics_hz": 90, "action_repeat": 8, "groups": [_group()], **spec}
    with pytest.raises(ValueError, match=message):
        GameSpec.from_dict(whole)


def test_that_refusal_is_the_games_fault_and_names_the_game(fake: Make) -> None:
    launch = fake()
    with pytest.raises(HandshakeError, match=r"fake_game.py: the game's spec is impossible: arenas: found 0"):
        open_game(GameLaunch(env_path=launch.env_path, extra_args=(*launch.extra_args, '--spec={"arenas": 0}')))


BOX, GO = {"obs": {"size": [2], "space": "box"}}, {"go": {"size": 1, "action_type": "continuous"}}


def _declared(observation: Any = BOX, action: Any = GO, **changes: Any) -> dict[str, Any]:
    info = {"n_agents": 2, "agent_policy_names": ["p", "p"], "observation_space": [observation] * 2}
    return {**info, "action_space": [action] * 2, **changes}


STOCK_DECLARATIONS: list[tuple[dict[str, Any], str]] = [
    (_declared(n_agents=0), "n_agents: found 0, expected at least one agent: is an AIController in the scene"),
    (_declared(n_agents="2"), 'n_agents: found "2", expected a whole number'),
    (_declared(n_agents=None), "n_agents: found null, expected a whole number"),
    (_declared(n_agents=3), "agent_policy_names: found 2 names, expected 3"),
    (_declared(agent_policy_names=["p"]), "agent_policy_names: found 1 names, expected 2"),
    (_declared(agent_policy_names=["p", ""]), r'agent_policy_names\[1\]: found "", expected a name'),
    (_declared(agent_policy_names=["p", 5]), r"agent_policy_names\[1\]: found 5, expected a name"),
    (_declared(agent_policy_names=[]), "agent_policy_names: found 0 names, expected 2"),
    (_declared(observation_space=[BOX]), "observation_space: found 1 spaces, expected 2"),
    (_declared(action_space=[]), "action_space: found 0 spaces, expected 2"),
    (_declared(action_space=None), "action_space: found null, expected a list"),
    (_declared({}), "policy 'p': observation_space: found {}, expected at least one key"),
    (_declared(BOX, {}), "policy 'p': action_space: found {}, expected at least one key"),
    (_declared([1]), r"policy 'p': observation_space: found \[1\], expected an object"),
    (_declared({"obs": 3}), "policy 'p': observation_space 'obs': found 3, expected an object"),
    (_declared({"obs": {"space": "box"}}), r"observation_space 'obs': found \[\"space\"\], expected the key 'size'"),
    (_declared({"obs": {"size": [2]}}), r"observation_space 'obs': found \[\"size\"\], expected the key 'space'"),
    (
        _declared({"obs": {"size": 3, "space": "box"}}),
        r"observation_space 'obs': size: found 3, expected a list of siz",
    ),
    (_declared({"obs": {"size": [], "space": "box"}}), r"observation_space 'obs': size: found \[\], expected a list"),
    (
        _declared({"obs": {"size": [0], "space": "box"}}),
        "observation_space 'obs': size: found 0, expected a whole numb",
    ),
    (_declared({"obs": {"size": [-1], "space": "box"}}), "observation_space 'obs': size: found -1, expected"),
    (_declared({"obs": {"size": ["2"], "space": "box"}}), "observation_space 'obs': size: found \"2\", expected"),
    (_declared({"obs": {"size": [10**12], "space": "box"}}), "observation_space 'obs': size: found 1000000000000"),
    (_declared({"obs": {"size": [2], "space": "bx"}}), "'obs': space: found \"bx\", expected 'box' or 'discrete'"),
    (_declared({"lamp": {"size": [2], "space": "discrete"}}), r"'lamp': size: found \[2\], expected a whole number of"),
    (_declared({"lamp": {"size": 1, "space": "discrete"}}), "'lamp': size: found 1, expected a whole number of at le"),
    (_declared({"a_2d": {"size": [4], "space": "box"}}), r"'a_2d': size: found \[4\], expected \["),
    (
        _declared(BOX, {"go": {"size": 1, "action_type": "continous"}}),
        "policy 'p': action_space 'go': action_type: found \"continous\", expected 'continuous' or 'discrete'",
    ),
    (_declared(BOX, {"go": {"size": 1, "action_type": "discrete"}}), "'go': size: found 1, expected a whole number of"),
    (_declared(BOX, {"go": {"size": 0, "action_type": "continuous"}}), "'go': size: found 0, expected a whole number"),
    (_declared(BOX, {"go": {"size": [2], "action_type": "continuous"}}), r"'go': size: found \[2\], expected a whole"),
    (_declared(BOX, {"go": {"size": 2}}), r"'go': found \[\"size\"\], expected the key 'action_type'"),
]


@pytest.mark.parametrize(("info", "message"), STOCK_DECLARATIONS)
def test_an_impossible_declaration_of_a_stock_game_is_refused_at_the_handshake(
    info: dict[str, Any], message: str
) -> None:
    with pytest.raises(HandshakeError, match=f"odd: .*{message}"):
        read_stock_spec(GameLaunch(env_path=Path("odd")), info)


def test_every_policy_that_is_declared_wrongly_is_listed(fake_stock: Make) -> None:
    odd = {"go": {"size": 0, "action_type": "continuous"}}
    info = {"n_agents": 2, "agent_policy_names": ["p", "q"], "observation_space": [{}, BOX], "action_space": [GO, odd]}
    with pytest.raises(HandshakeError, match=r"(?s)policy 'p': observation_space.*policy 'q': action_space 'go'"):
        open_game(fake_stock(info=info))


def test_agents_of_one_policy_with_different_spaces_are_named(fake_stock: Make) -> None:
    spaces = [BOX, BOX, {"obs": {"size": [3], "space": "box"}}]
    message = (
        r"agents of policy 'p' have different spaces; observation_space: .* of agent 0 and .* of agent 2; give them"
    )
    with pytest.raises(ContractError, match=message):
        open_game(fake_stock(info={"observation_space": spaces}))


def test_a_discrete_observation_is_one_hot_among_the_other_numbers(fake_stock: Make) -> None:
    space = {"lamp": {"size": 3, "space": "discrete"}, "obs": {"size": [1], "space": "box"}}
    seen = {"obs": [{"lamp": 2, "obs": [0.5]}, {"lamp": 0, "obs": [1]}, {"lamp": 1.0, "obs": [2]}]}
    wrong = {"obs": [{"lamp": 3, "obs": [0.5]}, *seen["obs"][1:]]}
    launch = fake_stock(info={"observation_space": space}, reset=seen, every_step=seen, step=wrong, at=2)
    with open_game(launch) as game:
        assert [group.layout.obs_dim for group in game.spec.groups] == [4, 4]
        np.testing.assert_array_equal(game.reset().observations[0], [[0, 0, 1, 0.5], [0, 1, 0, 2]])
        np.testing.assert_array_equal(game.step(_still(game)).observations[1], [[1, 0, 0, 1]])
        with pytest.raises(
            ObservationError, match="observation lamp of agent p_0 is 3, not a whole number from 0 to 2"
        ):
            game.step(_still(game))


def _still(game: Game) -> list[np.ndarray]:
    return [
        np.zeros((game.spec.group_size(g), group.layout.action_size), np.float32)
        for g, group in enumerate(game.spec.groups)
    ]
