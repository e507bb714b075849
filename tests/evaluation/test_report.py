"""Summing up an evaluation."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from statistics import stdev

import pytest
from rich.console import Console
from scipy.stats import binomtest

from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise, write_episodes
from spacetime_rl.evaluation.schedule import make_schedule
from spacetime_rl.evaluation.table import compare
from spacetime_rl.statistics.intervals import mean_interval, wilson_interval


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (100, 100), (57, 200)])
def test_the_interval_is_wilsons(successes: int, trials: int) -> None:
    expected = binomtest(successes, trials).proportion_ci(0.95, "wilson")

    assert wilson_interval(successes / trials, trials) == pytest.approx((expected.low, expected.high), abs=1e-12)


def result(number: int = 0, /, **metrics: float) -> AgentResult:
    return AgentResult(number, f"walker_{number}", "walker", metrics)


def test_the_interval_of_a_mean_is_the_textbooks_where_every_episode_has_one_agent() -> None:
    values = [1.0, 2.0, 4.0, 9.0]
    half = 1.959963984540054 * stdev(values) / 2.0

    assert mean_interval([[value] for value in values]) == pytest.approx((4.0 - half, 4.0 + half))
    assert mean_interval([[3.0, 5.0]]) == (4.0, 4.0)


def test_agents_that_share_an_episode_do_not_make_a_mean_surer() -> None:
    alone = mean_interval([[1.0], [2.0], [4.0]])

    assert mean_interval([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]) == pytest.approx(alone)


def test_an_episode_succeeds_when_every_agent_does() -> None:
    outcomes = {0: (1.0, 1.0), 1: (1.0, 0.0), 2: (1.0, 1.0), 3: (0.0, 0.0)}
    results = [
        AgentResult(episode, f"walker_{i}", "walker", {"return": 0.0, "length": 1.0, "success": value, "falls": i})
        for episode, values in outcomes.items()
        for i, value in enumerate(values)
    ]

    report = summarise("walker", 4, 9, results)

    assert (report.success_rate, report.episode_success_rate) == (0.625, 0.5)
    assert report.episode_success_ci == wilson_interval(0.5, 4)
    assert report.zero_rates == {"falls": 0.0}


def test_every_agent_of_every_episode_is_a_row_of_the_table(tmp_path: Path) -> None:
    results = [result(0, episode=0.0, success=1.0), result(1, episode=1.0, success=0.0, touches=2.5)]

    write_episodes(results, tmp_path / "new" / "episodes.csv")

    assert (tmp_path / "new" / "episodes.csv").read_text().splitlines() == [
        "episode,agent,policy,success,touches",
        "0,walker_0,walker,1,",
        "1,walker_1,walker,0,2.5",
    ]


def test_means_are_over_all_agents_and_the_interval_over_episodes() -> None:
    results = [
        result(**{"return": 2.0}, episode=0.0, length=10.0, success=1.0, touches=3.0),
        result(**{"return": 4.0}, episode=0.0, length=20.0, success=0.0),
    ]

    report = summarise("walker", 1, 9, results)

    assert (report.success_rate, report.return_mean, report.length_mean) == (0.5, 3.0, 15.0)
    assert report.success_ci == wilson_interval(0.5, 1)
    assert report.metrics == {"touches": 3.0}


def test_a_game_that_does_not_say_what_success_is_has_no_rate() -> None:
    report = summarise("walker", 1, 9, [result(**{"return": 2.0}, length=10.0)])

    assert report.success_rate is None
    assert report.success_ci is None
    assert report.episode_success_rate is None


@pytest.mark.parametrize(("episodes", "games", "arenas"), [(1, 4, 4), (7, 2, 3), (100, 2, 8), (17, 3, 2)])
def test_every_episode_is_dealt_to_exactly_one_game_and_none_is_idle(episodes: int, games: int, arenas: int) -> None:
    schedule = make_schedule(episodes, games, arenas)

    shards = [schedule.shard(game, agents=1) for game in range(schedule.games)]

    taken = [[episode for episode in range(episodes) if shard.record(episode, 0, {})] for shard in shards]
    assert sorted(episode for own in taken for episode in own) == list(range(episodes))
    assert all(taken)
    assert all(shard.finished for shard in shards)


def test_a_game_begins_again_at_the_first_round_it_has_not_finished() -> None:
    shard = make_schedule(20, 2, 2).shard(1, agents=2)
    assert shard.first_episode == 2
    for episode, agent in ((2, 0), (2, 1), (3, 0), (6, 0)):
        shard.record(episode, agent, {})
    assert shard.first_episode == 2
    shard.record(3, 1, {})
    assert shard.first_episode == 6


def test_episodes_that_were_not_asked_for_or_are_played_twice_do_not_count() -> None:
    shard = make_schedule(2, 1, 2).shard(0, agents=1)

    assert shard.record(0, 0, {"return": 1.0})
    assert not shard.record(0, 0, {"return": 9.0})
    assert not shard.record(2, 0, {})
    assert shard.results == {(0, 0): {"return": 1.0}}


def test_sources_stand_side_by_side() -> None:
    own = summarise("walker", 1, 9, [result(**{"return": 2.0}, length=10.0, success=1.0, touches=3.0)])
    reports = [EvalReport(source, "touch", 1, 9, own, (own,)) for source in ("trained", "random")]
    console = Console(width=100, record=True, file=StringIO())

    console.print(compare(reports))

    text = console.export_text()
    assert "touch: 1 episodes of seed 9" in text
    assert "trained" in text
    assert "100.0% [20.7%, 100.0%]" in text
    assert "touches" not in text


def test_a_policy_that_reports_success_alone_has_failed_where_it_does_not() -> None:
    results = [result(0, **{"return": 1.0, "length": 2.0}), result(1, success=1.0, **{"return": 3.0, "length": 2.0})]

    report = summarise("walker", 2, 0, results)

    assert report.success_rate == 0.5


def test_a_metric_of_some_episodes_is_averaged_over_those() -> None:
    both = {"return": 1.0, "length": 2.0}

    report = summarise("walker", 3, 0, [result(0, laps=4.0, **both), result(1, **both), result(2, laps=2.0, **both)])

    assert report.metrics == {"laps": 3.0}
    assert report.success_rate is None
