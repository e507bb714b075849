"""What a stock game says in `info` becomes metrics of the episode; what it does not say stays unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spacetime_rl.errors import ObservationError
from spacetime_rl.game.api import EndedAgent
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.stock_info import MOST_METRICS, AgentInfos


def _infos(policies: int = 1) -> AgentInfos:
    return AgentInfos(["p_0", "p_1"], np.arange(2) % policies, "game")


def test_a_metric_is_the_last_number_or_truth_value_that_the_episode_sent() -> None:
    infos = _infos()
    infos.read([{"laps": 1, "crashed": False}, {"laps": 5}])
    infos.read([{"laps": 2, "name": "red", "path": [1, 2]}, {}])
    assert infos.take_metrics(0) == {"laps": 2.0, "crashed": 0.0}
    infos.read([{"crashed": True}, {}])
    assert infos.take_metrics(0) == {"crashed": 1.0}  # of the next episode alone
    assert infos.take_metrics(1) == {"laps": 5.0}


def test_success_is_there_once_a_policy_has_reported_it_and_missing_then_means_failed() -> None:
    infos = _infos(policies=2)
    infos.read([{}, {}])
    assert infos.take_metrics(0) == {}
    infos.read([{"is_success": True}, {}])
    assert infos.take_metrics(0) == {"success": 1.0}
    infos.read([{}, {}])
    assert infos.take_metrics(0) == {"success": 0.0}
    assert infos.take_metrics(1) == {}  # the other policy never does


def test_names_that_mean_something_here_keep_their_meaning() -> None:
    infos = _infos()
    infos.read([{"return": 7, "success": 3, "truncated": 1, "TimeLimit.truncated": False, "is_success": None}, {}])
    np.testing.assert_array_equal(infos.truncated(), [True, False])
    assert infos.take_metrics(0) == {"info_return": 7.0, "info_success": 3.0}


@pytest.mark.parametrize(("value", "said"), [(float("inf"), "inf"), (float("nan"), "nan"), (None, "nan"), (1e39, "1e")])
def test_a_metric_that_is_no_number_any_more_is_named(value: Any, said: str) -> None:
    infos = _infos()
    infos.read([{"speed": 1.5}, {}])
    with pytest.raises(ObservationError, match=f"metric speed of agent p_1 is {said}"):
        infos.read([{}, {"speed": value}])


def test_what_never_was_a_number_is_left_alone() -> None:
    infos = _infos()
    infos.read([{"winner": None, "colour": "red"}, None])
    assert infos.take_metrics(0) == {}


def test_a_game_that_makes_up_names_is_cut_short(caplog: pytest.LogCaptureFixture) -> None:
    infos = _infos()
    infos.read([{f"cell_{i}": i for i in range(MOST_METRICS + 5)}, {}])
    assert len(infos.take_metrics(0)) == MOST_METRICS
    assert f"info 'cell_{MOST_METRICS}' is not recorded: only {MOST_METRICS} metrics a policy are" in caplog.text


def test_a_game_reports_them_at_an_episodes_end_and_invents_nothing(fake_stock: Callable[..., GameLaunch]) -> None:
    said = {"info": [{"hits": 4}, {"hits": 1}, {}]}
    with open_game(fake_stock(every_step=said)) as game:
        assert (game.spec.physics_hz, game.spec.action_repeat) == (None, None)
        assert GameSpec.from_dict(game.spec.to_dict()) == game.spec
        game.reset()
        ends: list[EndedAgent] = []
        for _ in range(5):
            ends += game.step([np.zeros((2, 2), np.float32), np.zeros((1, 2), np.float32)]).ended
    assert {game.spec.agent_ids[end.agent]: end.metrics for end in ends} == {
        "p_0": {"episode": 0.0, "return": 0.0, "length": 3.0, "hits": 4.0},
        "q_0": {"episode": 0.0, "return": 0.0, "length": 4.0, "hits": 1.0},
        "p_1": {"episode": 0.0, "return": 0.0, "length": 5.0},
    }


def test_the_repeat_that_a_launch_sets_is_known(fake_stock: Callable[..., GameLaunch]) -> None:
    with open_game(fake_stock(action_repeat=4)) as game:
        assert game.spec.action_repeat == 4
