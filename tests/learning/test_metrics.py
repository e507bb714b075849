"""Means over the latest episodes, exact over runners and iterations."""

from __future__ import annotations

import pytest

from spacetime_rl.learning.metrics import EpisodeSums, EpisodeWindow, PublicMetrics


def test_means_weigh_every_episode_alike() -> None:
    sums = EpisodeSums(1, {"return": 10.0})
    sums.add(EpisodeSums(3, {"return": 6.0}))
    assert dict(sums.means()) == {"return_mean": 4.0}


def test_a_metric_that_only_some_episodes_have_is_averaged_over_those() -> None:
    sums = EpisodeSums(2, {"success": 1.0, "handed_over": 6.0})
    sums.add(EpisodeSums(2, {"success": 2.0}))
    assert dict(sums.means()) == {"success_rate": 0.75, "handed_over": 3.0}


def test_a_window_holds_the_latest_iterations_that_have_enough_episodes() -> None:
    window = EpisodeWindow()
    for total in (0.0, 60.0, 60.0):
        window.add(EpisodeSums(60, {"success": total}))
    assert dict(window.sums().means()) == {"success_rate": 1.0}
    window.add(EpisodeSums(10, {"success": 0.0}))
    assert dict(window.sums().means())["success_rate"] == pytest.approx(120 / 130)


def test_what_a_game_costs_is_reported_once_under_its_own_name() -> None:
    public = PublicMetrics()
    cost = "performance/cpu_ms_a_tick"
    public._add_episodes({"episodes": {"giver": 2, "taker": 2}, "totals": {p: {cost: 3.0} for p in ("giver", "taker")}})
    assert dict(public._episode_metrics()) == {cost: 1.5}


def test_the_means_of_the_scenario_leave_out_policies_that_a_script_plays() -> None:
    public = PublicMetrics()
    played = {"episodes": {"seeker": 2, "hider": 2}, "totals": {"seeker": {"success": 2.0}, "hider": {"success": 0.0}}}
    public._add_episodes(played, ["hider"])
    assert dict(public._episode_metrics(["hider"])) == {
        "policy/seeker/success_rate": 1.0,
        "policy/hider/success_rate": 0.0,
        "scenario/success_rate": 1.0,
    }
