"""An evaluation plays as many episodes as asked for, and ends whatever the game does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console
from support.alone_game import NEVER, AloneGames
from support.toy_game import FakeGameOpener, make_group, make_launch, make_layout

from spacetime_rl.config import RunConfig
from spacetime_rl.evaluation.clock import Pace
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.hints import drawn_hint, stuck_hint
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.sources import RandomSource
from spacetime_rl.evaluation.table import compare


def play(games: Any, episodes: int, count: int = 1, progress: Any = None, **bounds: Any) -> EvalReport:
    config = RunConfig.model_validate({"scenario": {"name": "fake"}, "evaluation": bounds})
    return evaluate(make_launch(), config, RandomSource(), episodes, 5, count, progress, open_game=games)


def test_a_stock_game_plays_n_episodes_over_all_its_agents() -> None:
    steps: list[int] = []

    report = play(AloneGames((4,) * 16), 100, progress=lambda done, _: steps.append(done))

    assert report.finished == report.overall.episodes == len(report.results) == steps[-1] == 100
    assert sorted(r.episode for r in report.results) == list(range(100))
    played = [sum(r.agent == f"walker_{i}" for r in report.results) for i in range(16)]
    assert set(played) == {6, 7}
    assert "bounded" not in report.to_dict()


def test_several_stock_games_share_the_episodes_and_have_seeds_of_their_own() -> None:
    games = AloneGames((4,) * 3)

    report = play(games, 20, count=4)

    assert len(report.results) == 20
    assert sorted(launch.seed for launch in games.opened) == [5, 6, 7, 8]
    assert report == play(AloneGames((4,) * 3), 20, count=4)
    assert len({r.metrics["return"] for r in report.results}) == 20  # no two episodes are the same


def test_every_policy_of_a_stock_game_has_its_part_of_a_few_episodes() -> None:
    report = play(AloneGames((4,) * 8, ("giver",) * 4 + ("taker",) * 4), 3)

    assert {r.policy for r in report.results} == {"giver", "taker"}
    assert [policy.episodes for policy in report.policies] == [2, 1]


def test_quick_agents_of_a_stock_game_are_not_played_more_often() -> None:
    report = play(AloneGames((1, 50)), 10)

    assert [sum(r.agent == f"walker_{i}" for r in report.results) for i in range(2)] == [5, 5]


def test_a_game_whose_agents_never_end_is_given_up_after_so_many_decisions() -> None:
    report = play(AloneGames((NEVER, NEVER)), 6, max_decisions=30)

    assert report.overall.return_mean is None
    assert report.finished == 0
    document = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert document["bounded"]["cut_off"] == 2
    assert document["bounded"]["not_begun"] == 4
    assert document["bounded"]["note"] == (
        "0 of 6 episodes finished: 2 cut off and 4 not begun (evaluation.max_decisions: 30); "
        "the figures are of finished episodes only"
    )


def test_an_agent_that_is_stuck_does_not_cost_the_others_their_episodes() -> None:
    report = play(AloneGames((4, NEVER, 4)), 9, max_decisions=30)

    assert report.bounded is not None
    assert (report.finished, report.bounded.cut_off, report.bounded.not_begun) == (6, 1, 2)
    assert report.overall.length_mean == 4.0
    assert {r.agent for r in report.results} == {"walker_0", "walker_2"}


def test_the_time_is_a_bound_too() -> None:
    report = play(AloneGames((NEVER,)), 3, max_time_s=0.05)

    assert report.bounded is not None
    assert "evaluation.max_time_s: 0.05" in report.bounded.note


def test_a_numbered_episode_that_never_ends_is_left_out_of_the_figures() -> None:
    pair = make_group("walker", 2, make_layout())
    games = FakeGameOpener((pair,), arenas=3, lengths=(5, 5, 5, NEVER, 5, 5))

    report = play(games, 9, max_decisions=40)

    assert report.bounded is not None
    assert (report.finished, report.bounded.cut_off, report.bounded.not_begun) == (6, 1, 2)
    assert {r.episode % 3 for r in report.results} == {0, 2}


def test_bounds_that_are_not_met_change_nothing() -> None:
    games = FakeGameOpener((make_group("walker", 2, make_layout()),), arenas=3, lengths=(5, 7))

    assert play(games, 9) == play(games, 9, max_decisions=8, max_time_s=600.0)


def test_people_see_a_dash_where_no_episode_was_finished() -> None:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(compare([play(AloneGames((NEVER,)), 2, max_decisions=5)]))

    assert "0.00" not in captured.get()


def test_the_time_left_follows_from_the_episodes_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pace = Pace(600.0)
    assert pace.describe(0, 100) == "0 of 100 episodes, at most 10:00 min left"
    now[0] += 30.0
    assert pace.describe(25, 100) == "25 of 100 episodes, about 1:30 min left"
    now[0] += 560.0
    assert pace.describe(26, 100) == "26 of 100 episodes, about 10 s left"


def test_a_policy_that_is_stuck_where_it_did_better_in_training_gets_a_hint() -> None:
    stuck = play(AloneGames((4, NEVER, NEVER), truncates=True), 6, max_decisions=9)
    training = {"policy/walker/return_mean": 50.0}

    assert "--stochastic" in (stuck_hint(stuck, training) or "")
    assert stuck_hint(stuck, {"policy/walker/return_mean": -50.0}) is None
    assert stuck_hint(stuck, {}) is None
    assert stuck_hint(play(AloneGames((4, 4)), 6), training) is None
    whole = play(AloneGames((4, 4)), 6)
    assert "each is the most probable one. Evaluate with drawn ones" in (drawn_hint(whole, training) or "")
    assert drawn_hint(whole, {"policy/walker/return_mean": -50.0}) is None
    assert "had a return of 50" in (stuck_hint(play(AloneGames((NEVER,)), 2, max_decisions=9), training) or "")
