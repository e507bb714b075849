"""Collects what the faults cost over the session, and shows it as a table at the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chaos.table import Row, markdown, write_rows
from chaos.watched import WatchedRun

_ROWS: list[Row] = []


@pytest.fixture
def note(request: pytest.FixtureRequest) -> Callable[[Row], None]:
    """Takes a row of the table."""
    return _ROWS.append


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedRun]:
    """A run to be, in a folder of its own; nothing of it outlives the test."""
    run = WatchedRun(tmp_path)
    yield run
    run.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table; $CHAOS_TABLE names a file for it, as JSON."""
    if _ROWS:
        terminalreporter.section("faults")
        terminalreporter.write(markdown(_ROWS))
        if "CHAOS_TABLE" in os.environ:
            write_rows(Path(os.environ["CHAOS_TABLE"]), _ROWS)
