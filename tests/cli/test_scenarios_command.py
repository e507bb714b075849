"""`spacetime-rl scenarios`: a short table of all, and everything about one."""

from __future__ import annotations

import json
from typing import Any

from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.runs.shipped import TRAINED, against_heuristics, read_baseline


def shown(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["scenarios", *arguments], env={"COLUMNS": "160"})
    assert done.exit_code == 0, done.output
    return done.stdout


def succeeds(baseline: str, policy: str, player: str = TRAINED) -> str:
    """A policy's share of successes in a report of a shipped baseline, as the page shows it."""
    rate: float = read_baseline(baseline).reports[player]["policies"][policy]["success_rate"]
    return f"{rate:.1%}"


def test_all_scenarios_are_one_short_table() -> None:
    table = shown()

    assert "vr_interaction_avoid" in table
    assert len(table.splitlines()) <= 24  # what a terminal shows


def test_one_scenario_shows_policies_spaces_parameters_lessons_presets_and_baselines() -> None:
    page = shown("vr_navigation")

    assert "vr_navigation: One VR player walks to a goal" in page
    assert "navigator  head/position 3" in page
    assert "continuous 3" in page
    assert "goal_distance_max  " in page
    assert "Comfort that a greater roll costs." in page
    assert "the goal is within 10 m" in page
    assert "quick_test" in page
    assert succeeds("vr_navigation", "navigator") in page


def test_adversaries_are_shown_each_against_a_named_opponent() -> None:
    page = " ".join(shown("vr_interaction").split())

    against_the_script = succeeds("vr_interaction_avoid", "chaser", against_heuristics("chaser", ("chaser", "runner")))
    against_the_trained = succeeds("vr_interaction_avoid", "runner")
    assert f"vr_interaction_avoid chaser heuristic runner {against_the_script}" in page
    assert f"vr_interaction_avoid runner trained chaser {against_the_trained}" in page


def test_one_scenario_is_had_as_json() -> None:
    (scenario,) = json.loads(shown("spacecraft_fleet", "--json"))["scenarios"]

    params: dict[str, Any] = {param["name"]: param for param in scenario["params"]}
    assert params["time_limit_s"]["default"] == 120.0
    assert params["time_limit_s"]["room"] == "1.0 to 600.0"
    assert scenario["policies"]["pilot"]["actions"]


def test_an_unknown_scenario_is_answered_with_the_nearest() -> None:
    done = CliRunner().invoke(app, ["scenarios", "vr_navigatoin"])

    assert "did you mean 'vr_navigation'?" in str(done.exception)
