"""Every command's help, and the page that is written from it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.cli.exit_codes import MEANINGS, PARTICULAR
from spacetime_rl.cli.page import commands, page

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
NAMES = [name for name, _ in commands()]


def help_of(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "100"})
    assert done.exit_code == 0
    return done.output


def test_the_page_is_that_of_the_program() -> None:
    assert PAGE.read_text() == page(), "stale: python -m spacetime_rl.cli.page docs/commands.md"


def test_particular_exit_codes_are_of_commands_and_codes_that_there_are() -> None:
    assert set(PARTICULAR) <= set(NAMES)
    assert all(set(codes) <= set(MEANINGS) for codes in PARTICULAR.values())


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_every_command_has_examples_that_begin_with_it(name: str) -> None:
    shown = help_of(*name.split())

    assert "Examples" in shown
    assert f"spacetime-rl {name}" in shown


@pytest.mark.parametrize("name", ["", *NAMES])
def test_a_flag_is_shown_without_a_value(name: str) -> None:
    shown = help_of(*name.split())

    assert "<bool>" not in shown
    assert "--help" in shown
