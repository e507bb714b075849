"""A game that knows only the stock JSON protocol is a Game like any other."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from spacetime_rl.errors import ContractError, GameDied, ObservationError
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField
from spacetime_rl.game.stock import StockGame
from spacetime_rl.game.stock_spec import flatten, read_stock_spec

Stock: TypeAlias = Callable[..., GameLaunch]
STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"
EPISODE = 20  # decisions until the stock game's agents are truncated


@pytest.fixture
def stock(godot_bin: Path) -> Stock:
    """Make a launch of the stock game."""
    return lambda **changes: GameLaunch(project=STOCK_GAME, **{"action_repeat": 1, **changes})


def _still(press: int = 0) -> list[np.ndarray]:
    return [np.zeros((2, 2), np.float32), np.array([[press, 0.5]], np.float32)]


def _towards_the_target(result: StepResult) -> list[np.ndarray]:
    place, target = result.observations[0][:, 0], result.observations[0][:, 1]
    walk = np.clip((target - place) / 0.2, -1, 1)
    return [np.stack([walk, np.zeros(2, np.float32)], axis=1), _still()[1]]


def test_spaces_and_policies_come_from_the_game(stock: Stock) -> None:
    with open_game(stock()) as game:
        assert isinstance(game, StockGame)
        finder, guesser = game.spec.groups
        assert game.spec.agent_ids == ("finder_0", "finder_1", "guesser_0")
        assert finder.layout.fields == (ObservationField("obs", 3),)
        assert finder.layout.images == (ImageField("camera_2d", (6, 8, 3)),)
        assert finder.layout.actions == (ActionField("move", "continuous", 2),)
        # Godot sorts the keys of its JSON, and so does the stock plugin's inference.
        assert guesser.layout.actions == (ActionField("press", "discrete", 3), ActionField("push", "continuous", 1))
        assert game.spec.wire == "stock/0.7"


def test_observations_are_flat_floats_with_images_from_zero_to_one(stock: Stock) -> None:
    with open_game(stock()) as game:
        finders, guessers = game.reset().observations
        assert finders.dtype == guessers.dtype == np.float32
        assert finders.shape == (2, 3 + 6 * 8 * 3)
        assert guessers.sum() == 1  # one lamp is on
        for finder in finders:
            image = finder[3:].reshape(6, 8, 3)
            column = int((finder[1] + 1) / 2 * 8)  # the game paints its target there
            np.testing.assert_array_equal(image[:, column, 0], np.ones(6))
            assert image.sum() == 6


def test_every_agent_gets_its_own_action_and_reward(stock: Stock) -> None:
    with open_game(stock()) as game:
        first = game.reset()
        before, lamp = first.observations[0][:, 0].copy(), int(first.observations[1].argmax())
        after = game.step([np.array([[0.5, 0.0], [0.0, 0.5]], np.float32), _still(press=lamp)[1]])
        places, targets = after.observations[0][:, 0], after.observations[0][:, 1]
        np.testing.assert_allclose(places, np.clip(before + np.array([0.1, -0.1]), -1, 1), atol=1e-6)
        np.testing.assert_allclose(after.rewards, [*-np.abs(places - targets), 1.0], atol=1e-6)


def test_a_done_agent_terminated_or_was_truncated_as_its_info_says(stock: Stock) -> None:
    with open_game(stock(seed=1)) as game:
        result = game.reset(seed=1, first_episode=5)
        ends: dict[int, list[EndedAgent]] = {0: [], 1: [], 2: []}
        for decision in range(3 * EPISODE):
            result = game.step(_still() if decision < EPISODE else _towards_the_target(result))
            for end in result.ended:
                succeeded = end.metrics["success"] == 1.0
                assert result.terminated[end.agent] == succeeded
                assert result.truncated[end.agent] != succeeded
                ends[end.agent].append(end)
            assert result.active.all()
    for agent_ends in ends.values():
        assert [end.metrics["episode"] for end in agent_ends] == [5.0 + i for i in range(len(agent_ends))]
    assert {end.metrics["success"] for end in ends[0]} == {0.0, 1.0}
    assert [end.metrics["length"] for end in ends[2]] == [EPISODE] * 3
    first, gap = ends[0][0], np.diff(ends[0][0].final_observation[:2])[0]  # it stood still
    assert first.metrics["return"] == pytest.approx(first.metrics["length"] * -abs(gap), rel=1e-5)


def test_the_launch_seed_makes_the_game_repeatable(stock: Stock) -> None:
    def play(seed: int) -> bytes:
        with open_game(stock(seed=seed)) as game:
            return game.reset(seed=seed).observations[0].tobytes()

    assert play(3) == play(3) != play(4)


def test_a_stock_game_has_no_parameters(stock: Stock) -> None:
    with open_game(stock()) as game, pytest.raises(ContractError, match="a stock game has no parameters to set: speed"):
        game.configure({"speed": 2})


def test_a_stock_game_that_dies_is_told(stock: Stock) -> None:
    game = open_game(stock())
    game.reset()
    os.kill(game.pid, signal.SIGKILL)
    with pytest.raises(GameDied, match=r"the connection ended at step \(killed by SIGKILL\)"):
        game.step(_still())


def test_games_older_than_policy_names_share_one_policy_and_space() -> None:
    info = {
        "n_agents": 2,
        "observation_space": {"obs": {"size": [2, 2], "space": "box"}},
        "action_space": {"go": {"size": 4, "action_type": "discrete"}},
    }
    spec, rows = read_stock_spec(GameLaunch(env_path=Path("old")), info)
    assert spec.agent_ids == ("shared_policy_0", "shared_policy_1")
    assert [row.tolist() for row in rows] == [[0, 1]]
    assert spec.groups[0].layout.obs_dim == 4


def test_an_observation_that_disagrees_with_its_space_is_named() -> None:
    info = {
        "n_agents": 1,
        "observation_space": [{"obs": {"size": [2], "space": "box"}}],
        "action_space": [{"go": {"size": 1, "action_type": "continuous"}}],
    }
    layout = read_stock_spec(GameLaunch(env_path=Path("odd")), info)[0].groups[0].layout
    with pytest.raises(ObservationError, match="observation obs of agent walker_0 has 3 numbers; its space has 2"):
        flatten(layout, {"obs": [1, 2, 3]}, "walker_0")
    with pytest.raises(ObservationError, match="observation obs of agent walker_0 is missing"):
        flatten(layout, {"eyes": [1, 2]}, "walker_0")
    with pytest.raises(ObservationError, match=r"observation obs\[1\] of agent walker_0 is nan"):
        flatten(layout, {"obs": [1, float("nan")]}, "walker_0")


def test_agents_of_one_policy_must_have_the_same_spaces() -> None:
    info = {
        "n_agents": 2,
        "observation_space": [{"obs": {"size": [2], "space": "box"}}, {"obs": {"size": [3], "space": "box"}}],
        "action_space": {"go": {"size": 1, "action_type": "continuous"}},
        "agent_policy_names": ["walker", "walker"],
    }
    with pytest.raises(ContractError, match="agents of policy 'walker' have different spaces"):
        read_stock_spec(GameLaunch(env_path=Path("odd")), info)
