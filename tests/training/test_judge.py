"""How checkpoints are evaluated while a run trains: its share of the processor, and what makes one better."""

from __future__ import annotations

import pytest

from spacetime_rl.config.sections import EvaluationConfig
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.report import AgentResult, summarise
from spacetime_rl.training.judge import Rest, score_of, training_seed


class Time:
    """A clock that moves when one works or sleeps."""

    def __init__(self) -> None:
        self.now = self.worked = 0.0

    def __call__(self) -> float:
        return self.now

    def work(self, seconds: float) -> None:
        self.now += seconds
        self.worked += seconds

    def sleep(self, seconds: float) -> None:
        self.now += 1.5 * seconds  # longer than wanted, as on a busy machine


@pytest.mark.parametrize("share", [0.1, 0.25, 1.0])
def test_work_takes_its_share_of_the_time_however_long_a_decision_takes(share: float) -> None:
    time = Time()
    rest = Rest(share, clock=time, sleep=time.sleep)
    for decision in range(3000):
        time.work(0.0001 if decision % 7 else 0.03)
        rest()

    assert time.worked / time.now <= share * 1.01
    assert time.worked / time.now >= share * 0.6


def test_nobody_rests_when_nothing_trains_any_more() -> None:
    time = Time()
    rest = Rest(0.1, lambda: True, time, time.sleep)
    for _ in range(100):
        time.work(0.01)
        rest()

    assert time.worked == time.now


def report(success: float | None, gained: float) -> list[AgentResult]:
    metrics = {"return": gained, "length": 10.0} | ({} if success is None else {"success": success})
    return [AgentResult(episode, "giver_0", "giver", metrics) for episode in range(4)]


def test_success_counts_first_where_the_game_reports_it_and_the_return_otherwise() -> None:
    with_success = summarise("giver", 4, 1, report(1.0, 5.0))
    without = summarise("giver", 4, 1, report(None, 5.0))

    assert score_of(with_success, "auto") == (1.0, 5.0)
    assert score_of(without, "auto") == (5.0,)
    assert score_of(with_success, "return_mean") == (5.0,)
    with pytest.raises(UsageError, match="reports no success"):
        score_of(without, "success_rate")


def test_the_episodes_are_others_than_those_of_the_evaluation_after_training_and_of_its_games() -> None:
    for seed in (0, EvaluationConfig().seed, 2**31 - 1):
        other = training_seed(seed)
        assert 0 <= other < 2**31
        assert abs(other - seed) > 1000  # a stock game has a seed for each game and restart, which are neighbours
