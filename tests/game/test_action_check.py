"""Nothing but an action reaches a game, whichever wire it speaks and through whichever interface it is played."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import spacetime_rl
from spacetime_rl.envs.parallel import GodotParallelEnv
from spacetime_rl.errors import ActionError, UsageError
from spacetime_rl.game.action_check import ActionCheck
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import ActionField, PolicyLayout

Make = Callable[..., GameLaunch]
MOVE, GRIP = ActionField("move", "continuous", 2), ActionField("grip", "discrete", 3)
STILL = {"giver_0": {"move": [0, 0], "grip": 0}, "giver_1": {"move": [0, 0], "grip": 2}, "taker_0": [0.5]}


def _check() -> ActionCheck:
    return ActionCheck(2, PolicyLayout((), (), (MOVE, GRIP)))


def test_an_action_of_nan_asks_the_game_s_script_only_where_the_launch_says_so() -> None:
    actions = np.array([[np.nan, np.nan, np.nan], [0.5, 2.0, 1.0]], np.float32)
    check = ActionCheck(2, PolicyLayout((), (), (MOVE, GRIP)), scripts=True)
    assert not check.accepts(actions)
    assert check.mistake_in(actions) is None
    assert check.farthest(actions) == 2.0
    clipped = check.clip(actions)
    assert check.accepts(clipped)
    np.testing.assert_array_equal(clipped, [[np.nan] * 3, [0.5, 1.0, 1.0]])
    halfway = np.array([[np.nan, 0.0, 0.0], [0.0, 0.0, 0.0]], np.float32)
    assert check.mistake_in(halfway) is not None


@pytest.mark.parametrize(
    ("second_row", "what"),
    [
        ([0, 0, 7], "'grip' is 7, expected a whole number from 0 to 2"),
        ([0, 0, 3], "'grip' is 3, expected a whole number from 0 to 2"),
        ([0, 0, -1], "'grip' is -1, expected"),
        ([0, 0, 0.5], "'grip' is 0.5, expected"),
        ([5, 0, 7], "'grip' is 7, expected"),
        ([np.nan, 0, 0], "'move' is not finite: [nan"),
        ([0, 0, np.inf], "'grip' is not finite: ["),
        ([0, -np.inf, 0], "'move' is not finite: ["),
    ],
)
def test_a_choice_that_there_is_not_and_what_is_not_finite_is_refused(second_row: list[float], what: str) -> None:
    action = np.array([[0, 0, 1], second_row], np.float32)

    assert not _check().accepts(action)
    mistake = _check().mistake_in(action)
    assert mistake is not None
    assert mistake.row == 1
    assert mistake.what.startswith(what)


@pytest.mark.parametrize("action", [np.zeros((2, 2)), np.zeros(6), np.array([["a"] * 3] * 2), [[0, 0, 0]] * 2, None])
def test_an_array_of_another_form_is_refused(action: Any) -> None:
    assert not _check().accepts(action)
    mistake = _check().mistake_in(action)
    assert mistake is not None
    assert mistake.row is None
    assert mistake.what.startswith("expected an array of numbers of shape (2, 3), found ")


def test_numbers_outside_are_clipped_and_choices_are_not() -> None:
    action = np.array([[-5, 0.5, 2], [1, 1.001, 0]], np.float32)

    assert not _check().accepts(action)
    assert _check().mistake_in(action) is None
    assert _check().clip(action).tolist() == [[-1, 0.5, 2], [1, 1, 0]]
    assert _check().farthest(action) == -5
    assert _check().accepts(np.array([[-1, 1, 2], [0, 0, 0]], np.int64))


@pytest.mark.parametrize("wire", ["ours", "stock"])
def test_both_wires_refuse_clip_and_go_on(
    wire: str, fake: Make, fake_stock: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with open_game(fake() if wire == "ours" else fake_stock()) as game:
        actions = [np.zeros((len(g.agents), g.layout.action_size), np.float32) for g in game.spec.groups]
        with pytest.raises(UsageError, match="step before reset"):
            game.step(actions)
        game.reset(seed=0)
        with pytest.raises(ActionError, match="0 arrays of actions for the 2 policies"):
            game.step([])
        actions[0][0] = np.nan
        with pytest.raises(ActionError, match=f"the action of agent {game.spec.agent_ids[0]}: .* is not finite"):
            game.step(actions)
        field = game.spec.groups[0].layout.actions[0]
        actions[0][0] = 0.0
        actions[0][0, 0] = 9.0
        if field.kind == "continuous":
            with caplog.at_level(logging.WARNING):
                game.step(actions)
                game.step(actions)
            assert [record.message.partition(": ")[2] for record in caplog.records] == [
                "actions outside [-1, 1] are clipped, such as 9"
            ]
        else:
            with pytest.raises(ActionError, match="is 9, expected a whole number from 0 to"):
                game.step(actions)


@pytest.fixture
def env(fake: Make) -> Any:
    made = spacetime_rl.parallel_env(fake())
    yield made
    made.close()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"giver_0": {"move": [0, 0], "grip": 7}},
            "action of agent giver_0: 'grip' is 7, expected a whole number from",
        ),
        ({"giver_0": {"move": [0, np.nan], "grip": 0}}, "action of agent giver_0: 'move' is not finite"),
        ({"giver_0": {"move": [0, 0]}}, "the action of giver_0: expected a dict of move, grip, found move"),
        ({"giver_0": {"move": 0, "grip": 0}}, "of giver_0: 'move': expected an array of shape (2,), found a single"),
        ({"giver_0": {"move": [0, 0], "grip": "left"}}, "of giver_0: 'grip': expected numbers, found 'left'"),
        ({"giver_0": [0, 0, 0]}, "of giver_0: expected a dict of move, grip, found [0, 0, 0]"),
        ({"taker_0": [0, 0]}, "of taker_0: expected an array of shape (1,), found an array of shape (2,)"),
        ({"taker_0": None}, "of taker_0: expected"),
        ({"takr_0": [0]}, "no agent 'takr_0'; did you mean 'taker_0'?; agents: giver_0, giver_1, taker_0"),
    ],
)
def test_an_agent_of_pettingzoo_cannot_do_what_its_space_has_not(
    env: GodotParallelEnv, changes: dict[str, Any], message: str
) -> None:
    env.reset(seed=1)

    with pytest.raises(ActionError) as caught:
        env.step({**STILL, **changes})

    assert message in str(caught.value)
    assert set(env.step(STILL)[0]) == set(STILL)


def test_who_acts_is_who_is_there(env: GodotParallelEnv) -> None:
    with pytest.raises(UsageError, match="step before reset: there is no episode to act in; call reset first"):
        env.step(STILL)
    env.reset(seed=1)
    with pytest.raises(ActionError, match="no action for giver_1; every agent in `agents` acts in every step"):
        env.step({name: action for name, action in STILL.items() if name != "giver_1"})
    with pytest.raises(ActionError, match="expected a dict from agent to action, found a list"):
        env.step([0, 0, 0])  # type: ignore[arg-type]
    for _ in range(3):
        env.step(STILL)
    assert env.agents == ["giver_1", "taker_0"]
    with pytest.raises(
        ActionError, match="an action for giver_0, which has ended; those that act are giver_1, taker_0"
    ):
        env.step(STILL)
    env.step({**STILL, "giver_0": None})
    assert env.step({}) == ({}, {}, {}, {}, {})
    with pytest.raises(ActionError, match="an action for taker_0, which has ended; call reset for another episode"):
        env.step({"taker_0": [0]})


def test_numbers_outside_are_clipped_for_pettingzoo(env: GodotParallelEnv) -> None:
    env.reset(seed=1)

    rewards = env.step({**STILL, "taker_0": [5.0]})[1]

    assert rewards["taker_0"] == 1.0  # the sum of what reached the game


def test_nothing_is_played_after_close(env: GodotParallelEnv) -> None:
    env.reset(seed=1)
    env.close()
    env.close()

    for call in (lambda: env.step(STILL), env.reset):
        with pytest.raises(UsageError, match="after close: the game has ended; make a new environment"):
            call()


def test_a_wrong_name_seed_or_setting_is_named(env: GodotParallelEnv, fake: Make) -> None:
    with pytest.raises(UsageError, match="no agent 'giver'; did you mean 'giver_"):
        env.action_space("giver")
    for seed in (-1, 1.5, "x"):
        with pytest.raises(UsageError, match="reset: expected a seed from 0 to "):
            env.reset(seed=seed)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="max_cycles: expected at least 1"):
        spacetime_rl.parallel_env(fake(), max_cycles=0)
    with pytest.raises(UsageError, match="a GameLaunch says these itself"):
        spacetime_rl.parallel_env(fake(), seed=3)
