"""A budget of restarts ends a run that only restarts games."""

from __future__ import annotations

import pytest

from spacetime_rl.errors import RestartsExhausted
from spacetime_rl.game.restarts import RestartBudget


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_quota_of_a_lifetime_is_kept() -> None:
    clock = Clock()
    budget = RestartBudget(3, 10, 60.0, clock)
    for _ in range(3):
        clock.now += 1000
        budget.spend("it died")
    assert budget.spent == 3
    with pytest.raises(RestartsExhausted, match="max_lifetime_restarts = 3 restarts; the last reason: it hung"):
        budget.spend("it hung")


def test_the_rate_is_kept_over_a_sliding_period() -> None:
    clock = Clock()
    budget = RestartBudget(100, 2, 60.0, clock)
    for clock.now in (0.0, 50.0, 61.0):
        budget.spend("it died")
    with pytest.raises(RestartsExhausted, match=r"restarts_rate_limit_n = 2 restarts within .* = 60 s"):
        budget.spend("it died")
    clock.now = 110.0
    budget.spend("it died")


def test_no_restart_at_all_may_be_allowed() -> None:
    with pytest.raises(RestartsExhausted):
        RestartBudget(0, 10, 60.0).spend("it died")
