"""docs/coverage.md names only what is there, and counts its rows right."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer

from docs.coverage import PAGE, STATUSES, rows, with_summary
from spacetime_rl.cli.app import app

ROOT = Path(__file__).parents[1]
PROGRAM: Any = typer.main.get_command(app)
ROWS = rows(PAGE.read_text())
CODE = [(row, span) for row in ROWS for span in re.findall(r"`([^`]+)`", row.where)]


def test_every_row_has_a_status_and_says_where_it_is_or_why_not() -> None:
    bare = [row for row in ROWS if row.status == "works" and not re.search(r"\]\(|`", row.where)]
    unexplained = [row for row in ROWS if row.status in ("differs", "not here") and len(row.where.split()) < 4]

    assert {row.status for row in ROWS} <= set(STATUSES)
    assert (bare, unexplained) == ([], [])


def test_the_summary_counts_the_rows() -> None:
    assert with_summary(PAGE.read_text()) == PAGE.read_text(), "write it anew with: python -m docs.coverage"


def test_a_line_of_a_table_that_is_no_row_is_refused() -> None:
    head = "| The document asks for | Status | Where, or why not |"

    with pytest.raises(ValueError, match=r"three cells: \| walk \| works \|"):
        rows(f"## Guide\n{head}\n|---|---|---|\n| walk | works |\n")


def test_files_that_rows_name_exist() -> None:
    named = [span for _, span in CODE if re.match(r"(tests|docs|spacetime_rl|rllib_configs)/|LICENSE", span)]

    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).is_file()] == []


def test_links_of_rows_lead_to_a_page_and_to_a_heading_of_it() -> None:
    broken = []
    for row in ROWS:
        for target, anchor in re.findall(r"\]\(([^)#]+)#?([^)]*)\)", row.where):
            page = PAGE.parent / target
            if not page.is_file() or (anchor and anchor not in _anchors(page.read_text())):
                broken.append(f"{target}#{anchor}")

    assert broken == []


def test_commands_and_flags_that_rows_name_are_those_of_the_program() -> None:
    named = [span.split() for _, span in CODE if span.split()[0] in PROGRAM.commands]

    assert len(named) > 40
    assert [" ".join(words) for words in named if not _is_command(words)] == []


def test_settings_that_rows_name_are_those_of_a_configuration() -> None:
    settings = _settings()
    sections = {name.partition(".")[0] for name in settings}
    named = [re.split(r"[=:]", span)[0] for _, span in CODE if span.partition(".")[0] in sections and "." in span]

    assert len(named) > 20
    assert [name for name in named if not name.startswith("scenario.params.") and name not in settings] == []


def test_requests_that_rows_name_are_in_the_description_of_the_http_api() -> None:
    file = ROOT / "spacetime_rl/godot/addons/spacetime_rl/http/openapi.json"
    offered = {
        f"{method.upper()} {path}"
        for path, methods in json.loads(file.read_text())["paths"].items()
        for method in methods
    }
    named = {span for _, span in CODE if re.match(r"(GET|POST) /", span)}

    assert len(named) > 5
    assert named - offered == set()


def test_classes_that_rows_name_are_those_of_the_addon() -> None:
    addon = ROOT / "spacetime_rl/godot/addons/spacetime_rl"
    classes = {
        name for file in addon.rglob("*.gd") for name in re.findall(r"^class_name (\w+)", file.read_text(), re.M)
    }
    named = {name for _, span in CODE for name in re.findall(r"^(RL[A-Z]\w+|RL[A-Z]{2}\w+)", span)}

    assert len(named) > 5
    assert named - classes == set()


def _anchors(page: str) -> set[str]:
    """What a page's headings are called in addresses."""
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }


def _settings() -> set[str]:
    """Names with their sections, as docs/configuration.md has them, which another test compares with the models."""
    section, found = "", set()
    for line in (ROOT / "docs/configuration.md").read_text().splitlines():
        if heading := re.match(r"### `?([\w.]+)", line):
            section = heading[1]
        if row := re.match(r"\| `(\w+)` \|", line):
            found.add(f"{section}.{row[1]}")
    return found


def _is_command(words: list[str]) -> bool:
    command = PROGRAM
    for word in words:
        if word.startswith("-"):
            return word in {option for parameter in command.params for option in parameter.opts}
        if word not in getattr(command, "commands", {}):
            return False
        command = command.commands[word]
    return True
