"""`spacetime-rl ui`: serve MLflow's pages about the runs of a results folder."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import ResultsOption
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.tracking.store import Store

_MOST = 12  # runs in the list


def ui(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="Open the page of this run: its id, its beginning, or `latest`."),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1024, max=65535, metavar="N", help="Port; default: the first free one from 5000.")
    ] = None,
    results: ResultsOption = None,
    tracking_uri: Annotated[str | None, typer.Option(metavar="URI", help="MLflow server or database.")] = None,
    browser: Annotated[
        bool | None, typer.Option("--browser/--no-browser", help="Open a browser; default: where there is a screen.")
    ] = None,
) -> None:
    """Serve MLflow's pages about your runs, list the runs, and open the right page. Ctrl-C ends it.

    A results folder that was moved is served as well. With a tracking server, its page is opened and nothing is served.

    [bold]Examples[/bold]

      spacetime-rl ui

      spacetime-rl ui latest --port 5001
    """
    from spacetime_rl.tracking.pages import find_page
    from spacetime_rl.tracking.server import free_port, served
    from spacetime_rl.tracking.store import resolve_store

    folder = (results or RESULTS).absolute()
    store = resolve_store(folder, tracking_uri)
    run_id = _run_id(run, folder)
    if store.is_server:
        return _open(store.uri.rstrip("/") + find_page(store, run_id), browser)
    _check_there(store)
    chosen = free_port(port)
    page = find_page(store, run_id)
    _list_runs(folder)
    typer.echo("starting MLflow's server", err=True)
    with served(store, chosen, folder / ".mlflow-server.log") as address:
        _open(address + page, browser)
        typer.echo("Ctrl-C ends it.")
        while True:
            time.sleep(3600)


def _run_id(run: str | None, results: Path) -> str | None:
    from spacetime_rl.runs.read import find_record

    return None if run is None else find_record(run, results).run_id


def _check_there(store: Store) -> None:
    from spacetime_rl.tracking.database import sqlite_file
    from spacetime_rl.tracking.examine import examine

    file = sqlite_file(store.uri)
    if file is not None and not file.is_file():
        raise UsageError(f"ui: there is no {file}; train a run first, or name a results folder with --results DIR")
    examine(store, "")


def _list_runs(results: Path) -> None:
    from spacetime_rl.cli.runs import table_of
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.runs.read import find_records

    found = find_records(results)
    if found:
        plain_console().print(table_of([run.to_dict() for run in found[:_MOST]]))
    if len(found) > _MOST:
        typer.echo(f"and {len(found) - _MOST} more: spacetime-rl runs list")


def _open(address: str, wanted: bool | None) -> None:
    typer.echo(f"\n{address}")
    has_screen = sys.platform in ("darwin", "win32") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if wanted or (wanted is None and has_screen and sys.stdout.isatty()):
        import webbrowser

        webbrowser.open(address)
