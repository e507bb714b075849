"""Every parameter of every scenario has a meaning, a default that is the game's own, and a range."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.parameters import generated_pages, with_table
from spacetime_rl.errors import UsageError
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.params import read_params
from spacetime_rl.game.project import scenarios

NAMES = [scenario.name for scenario in scenarios()]


@pytest.mark.parametrize("scenario", NAMES)
def test_every_parameter_has_a_meaning_and_a_range(scenario: str) -> None:
    params = read_params(scenario)

    assert params
    assert [param.name for param in params if not (param.meaning and param.room)] == []
    assert [param.name for param in params if param.room == "any" and not param.name.startswith("reward_")] == []


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize("scenario", NAMES)
def test_the_declared_parameters_and_defaults_are_the_games_own(scenario: str) -> None:
    with open_game(GameLaunch(scenario=scenario)) as game:
        assert {param.name: param.default for param in read_params(scenario)} == game.spec.params


def test_a_scenario_that_there_is_not_is_named() -> None:
    with pytest.raises(UsageError, match=r"scenario 'chess': .*names no script of parameters"):
        read_params("chess")


@pytest.mark.parametrize("page", generated_pages(), ids=lambda page: page.stem)
def test_the_page_of_a_scenario_has_the_parameters_that_there_are(page: Path) -> None:
    assert with_table(page) == page.read_text(), "write it anew with: python -m docs.parameters"
