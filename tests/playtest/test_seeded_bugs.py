"""The catalogue of seeded bugs: it is whole, its page shows it, and the oracles find what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.config.playtest import OraclesConfig
from spacetime_rl.game.project import OWN_PROJECT, scenario_names
from spacetime_rl.playtest.benchmark import PLAYERS, Search, catalogue_table, figures, main, search
from spacetime_rl.playtest.seeded import CATALOGUE, SeededBug

PAGE = Path(__file__).parents[2] / "docs" / "seeded_bugs.md"
BY_ID = {bug.id: bug for bug in CATALOGUE}
FAULTS = {"crash", "exit", "hang", "script_error"}  # that are no setting of a plan
QUICK = {"bug_reproduction/speed_without_end": "random", "bug_reproduction/dead_button": "heuristic"}


def test_the_catalogue_is_large_has_every_file_and_every_scenario_and_the_page_shows_it() -> None:
    files = {path.relative_to(OWN_PROJECT / "scenarios") for path in OWN_PROJECT.glob("scenarios/*/bugs/*.gd")}
    assert len(CATALOGUE) == len(BY_ID) >= 24
    planted = [bug for bug in CATALOGUE if not bug.is_switch]
    assert {Path(bug.scenario, "bugs", f"{bug.name}.gd") for bug in planted} == files
    assert {bug.scenario for bug in CATALOGUE} == set(scenario_names())
    assert catalogue_table() in PAGE.read_text()


def test_every_oracle_has_a_bug_that_it_is_to_find() -> None:
    oracles = {name for name in OraclesConfig.model_fields if name != "custom"} | FAULTS
    assert {bug.oracle for bug in CATALOGUE} == oracles


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(("bug", "player"), QUICK.items())
def test_a_seeded_bug_is_found_by_its_oracle_and_not_in_the_scenario_without_it(bug: str, player: str) -> None:
    found = search(BY_ID[bug], player, episodes=4, shorten=6)
    assert found.found, f"{found.episodes} episodes"
    assert found.replays is not None
    assert found.replays[0] == found.replays[1] > 0
    assert found.share is not None
    assert found.share <= 1.0


@pytest.mark.slow
@pytest.mark.timeout(2700)  # eleven minutes for each player
@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize("bug", CATALOGUE, ids=lambda bug: bug.id)
def test_every_seeded_bug_is_found_by_some_player(bug: SeededBug) -> None:
    # Most are found at once by one player and never by another, so each gets a short turn before the long ones.
    turns = ((minutes, player) for minutes in (1.0, 10.0) for player in PLAYERS)
    assert any(search(bug, player, minutes=minutes, shorten=0).found for minutes, player in turns)


def test_the_figures_say_who_found_what_and_how_short_it_became() -> None:
    first, second = CATALOGUE[:2]
    searches = [
        Search(first, "random", True, 3, 7.0, (3, 3), 5, 20, 1000),
        Search(first, "heuristic", True, 1, 2.0, (3, 3), 15, 30, 100),
        Search(second, "random", False, 200, 99.0),
    ]
    text = figures(searches)
    assert "Found by any player: 1 of the 2 that were looked for, 50%." in text
    assert "a median of 38% of the decisions until the bug was seen, 8% of the whole episode" in text
    assert "6 of 6" in text
    assert f"| `{first.id}` | 3, 7 | 1, 2 | 20 to 5 (25%) |" in text
    assert f"| `{second.id}` | \N{EN DASH} | not tried | \N{EN DASH} |" in text
    assert "| all | 2 | 1 of 2 | 1 of 1 | 1 |" in text


def test_a_bug_that_there_is_not_is_refused_by_name() -> None:
    said: list[str] = []
    assert main(["--bugs", "vr_ui/nothing"], said.append) == 2
    assert "there is no bug vr_ui/nothing" in said[0]
