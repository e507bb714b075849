"""A trial ends at the first stop criterion it meets."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from spacetime_rl.config import RunConfig, StopConfig
from spacetime_rl.tuning.stopping import StopAt

STOP = StopConfig(agent_steps=1000, iterations=10, time_s=60, success_rate=0.9)
BELOW = {
    "agent_steps": 999,
    "training_iteration": 9,
    "time_total_s": 59.0,
    "episodes": 500,
    "scenario/success_rate": 0.8,
}


@pytest.mark.parametrize(
    ("reached", "over"),
    [
        ({}, False),
        ({"agent_steps": 1000}, True),
        ({"training_iteration": 10}, True),
        ({"time_total_s": 60.0}, True),
        ({"scenario/success_rate": 0.9}, True),
        ({"scenario/success_rate": 1.0, "episodes": 20}, False),
    ],
)
def test_any_criterion_ends_a_trial(reached: dict[str, Any], over: bool) -> None:
    assert StopAt(STOP)("trial", BELOW | reached) is over


def test_criteria_that_are_not_set_never_end_a_trial() -> None:
    stop = StopAt(StopConfig(agent_steps=None, iterations=5))
    assert not stop("trial", {"agent_steps": 10**9, "training_iteration": 4, "scenario/success_rate": 1.0})


def test_a_result_without_episodes_yet_does_not_end_a_trial() -> None:
    assert not StopAt(STOP)("trial", {"agent_steps": 5, "training_iteration": 1})


def test_a_success_rate_that_the_game_never_reports_is_answered_once_by_name(caplog: pytest.LogCaptureFixture) -> None:
    silent = {key: value for key, value in BELOW.items() if key != "scenario/success_rate"}
    stop = StopAt(STOP)
    assert not stop("trial", silent | {"episodes": 20})
    assert caplog.text == ""
    assert not stop("trial", silent)
    assert "stop.success_rate: 0.9 is never reached: after 500 episodes the game has not reported" in caplog.text


def test_any_public_metric_may_end_a_trial_once_enough_episodes_have_ended() -> None:
    stop = StopAt(StopConfig(metrics={"policy/giver/success_rate": 0.9, "policy/giver/kl": 0.5}))
    assert not stop("trial", BELOW | {"policy/giver/success_rate": 0.89})
    assert stop("trial", BELOW | {"policy/giver/success_rate": 0.9})
    assert stop("trial", BELOW | {"policy/giver/kl": 0.6})
    assert not stop("trial", BELOW | {"policy/giver/success_rate": 1.0, "episodes": 20})
    assert not stop("trial", BELOW | {"policy/giver/success_rate": 1.0, "lessons_left": 1})


def test_a_metric_of_no_known_group_is_refused() -> None:
    with pytest.raises(ValidationError, match="no metric is called 'sucess'"):
        RunConfig.model_validate({"stop": {"metrics": {"sucess": 0.5}}})
    with pytest.raises(ValidationError, match="ends after the iteration"):
        RunConfig.model_validate({"stop": {"metrics": {"evaluation/success_rate": 0.5}}})
