"""A name or a path may hold whatever a folder's name can: no language that we write reads it as its own."""

from __future__ import annotations

import ast
import io
import json
import shlex
from pathlib import Path

import pytest
from test_architecture import MODULES, PACKAGE

from spacetime_rl.cli.run_summary import print_summary
from spacetime_rl.config import load
from spacetime_rl.console.panel import PanelFrame
from spacetime_rl.console.plain import plain_console
from spacetime_rl.console.progress import Progress
from spacetime_rl.errors import RunExistsError, UsageError
from spacetime_rl.formats.markdown import plain
from spacetime_rl.jobs.entrypoint import entrypoint
from spacetime_rl.jobs.names import job_of
from spacetime_rl.pictures.learning_curves import plot_learning_curves
from spacetime_rl.reports.summary import RunSummary, suggestions, to_markdown
from spacetime_rl.runs.folder import RunFolder

NASTY = "anna's \"[red] $x\\frac$ #1? 100% <b> a|b :tada: `ls` {0} [bold]"


def shown(*parts: object) -> str:
    out = io.StringIO()
    plain_console(file=out, width=400).print(*parts)
    return out.getvalue()


def test_a_run_may_be_called_anything_that_a_folder_can_be(tmp_path: Path) -> None:
    config = load("vr_interaction", [f"results={json.dumps(str(tmp_path / NASTY))}"])

    folder = RunFolder.create(config, NASTY)
    folder.keep()
    folder.release()

    assert RunFolder.reopen(NASTY, tmp_path / NASTY).config().results == tmp_path / NASTY
    with pytest.raises(RunExistsError) as refused:
        RunFolder.create(config, NASTY)
    assert f"--resume {shlex.quote(NASTY)})" in str(refused.value)


def test_a_setting_on_the_command_line_keeps_what_a_file_would_have_as_a_comment() -> None:
    assert load(None, ["tracking.experiment=team #1", "game.env_path=x"]).tracking.experiment == "team #1"


@pytest.mark.parametrize("run_id", ["a/b", "..", ".hidden", "-x", "two\nlines", "bell\a", " a", "a ", "x" * 151])
def test_a_name_that_no_command_could_take_is_refused_before_anything_is_made(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(UsageError, match="run id"):
        RunFolder.create(load("vr_interaction", [f"results={tmp_path}"]), run_id)
    assert list(tmp_path.iterdir()) == []


def test_the_commands_that_a_summary_suggests_name_the_run(tmp_path: Path) -> None:
    for interrupted in (True, False):
        summary = RunSummary(NASTY, NASTY, tmp_path / NASTY, 100, 1.0, interrupted=interrupted)
        commands = [shlex.split(command) for command, _ in suggestions(summary)]

        assert NASTY in commands[0]
        assert str(tmp_path) in commands[0]
        assert NASTY in to_markdown(summary).replace("'\"'\"'", "'")
        assert to_markdown(summary).startswith(f"# {plain(NASTY)}\n")
        console = plain_console(file=(out := io.StringIO()))
        print_summary(summary, console)
        assert NASTY in out.getvalue()


def test_the_panel_shows_a_name_as_it_is() -> None:
    progress = Progress(NASTY, load("vr_interaction").stop)

    assert NASTY in shown(PanelFrame(progress).render())


def test_markdown_shows_a_name_as_it_is() -> None:
    assert plain("a|b [red] *x* `y` $z$") == "a\\|b \\[red\\] \\*x\\* \\`y\\` \\$z\\$"


def test_a_picture_is_drawn_under_any_title(tmp_path: Path) -> None:
    file = plot_learning_curves([{"agent_steps": 1, "policy/p/return_mean": 1.0}], "p", NASTY, tmp_path / "a.png")

    assert file.stat().st_size > 0


def test_a_job_has_an_id_that_is_part_of_an_address_and_keeps_the_run_s_name() -> None:
    assert job_of("plain-20270101.2") == "plain-20270101.2"
    assert job_of(job_of(NASTY)) == job_of(NASTY) != job_of(NASTY + " ")
    assert shlex.split(entrypoint("module", [NASTY]).rpartition("-m ")[2]) == ["module", NASTY]


def test_only_one_file_makes_consoles_so_that_no_text_is_read_as_markup() -> None:
    made = [
        str(module.relative_to(PACKAGE))
        for module in MODULES
        if "Console(" in module.read_text()
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Console"
    ]

    assert made == ["console/plain.py"]
