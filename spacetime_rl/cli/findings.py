"""`spacetime-rl findings`: list, show, mark and delete what playtests have found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from spacetime_rl.cli.common import JsonOption, print_json
from spacetime_rl.errors import UsageError

if TYPE_CHECKING:
    from spacetime_rl.playtest.findings import FolderStore

app = typer.Typer(help="List, show, mark and delete what playtests have found.", no_args_is_help=True)

_Store = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the findings.")]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="The finding's name, as `findings list` shows it.")]


@app.command("list")
def list_(store: _Store, json_output: JsonOption = False) -> None:
    """List the findings of a folder.

    [bold]Examples[/bold]

      spacetime-rl findings list results/findings/my_game
    """
    from rich import box
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.playtest.report import by_weight

    found = by_weight(tuple(_open(store)))
    if json_output:
        return print_json([finding.to_dict() for finding in found])
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("finding", "severity", "state", "seen", "replay", "what"):
        table.add_column(column)
    for finding in found:
        replays = finding.reproduces.removeprefix("reproduces ")
        seen = str(finding.seen)
        cells = (finding.name, finding.sighting.severity, finding.state, seen, replays, finding.sighting.message)
        table.add_row(*cells)
    return plain_console().print(table)


@app.command()
def show(
    store: _Store,
    name: _Name,
    video: Annotated[
        Path | None,
        typer.Option("--video", metavar="OUT.mp4", help="Film its recording; .gif makes an animation."),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Show a finding as a page for a bug report.

    [bold]Examples[/bold]

      spacetime-rl findings show results/findings/my_game script_error-1a2b3c4d --video bug.mp4
    """
    from spacetime_rl.episodes.files import read_episode
    from spacetime_rl.episodes.video import film_episode
    from spacetime_rl.formats.shell import short
    from spacetime_rl.playtest.report import page_of

    finding, file = _open(store).fetch(name)
    if video is not None:
        if file is None:
            raise UsageError(f"findings show {name} --video: this finding has no recording")
        film_episode(read_episode(file), video)
        typer.echo(f"{short(video)}: its recording, filmed", err=True)
    if json_output:
        return print_json(finding.to_dict())
    return typer.echo("\n".join(page_of(finding, file and short(file))))


@app.command()
def mark(
    store: _Store,
    name: _Name,
    state: Annotated[
        Literal["new", "known", "ignored", "fixed"],
        typer.Argument(metavar="STATE", help="new, known, ignored, or fixed: seen again, it fails a playtest."),
    ],
) -> None:
    """Say what a finding is. Known and ignored ones do not make a playtest fail.

    [bold]Examples[/bold]

      spacetime-rl findings mark results/findings/my_game stuck-1a2b3c4d ignored
    """
    typer.echo(f"{_open(store).move(name, state).name}: {state}")


@app.command()
def delete(store: _Store, name: _Name) -> None:
    """Forget a finding and its recording.

    [bold]Examples[/bold]

      spacetime-rl findings delete results/findings/my_game stuck-1a2b3c4d
    """
    _open(store).delete(name)
    typer.echo(f"{name}: deleted")


def _open(folder: Path) -> FolderStore:
    from spacetime_rl.playtest.findings import FolderStore

    if not folder.is_dir():
        raise UsageError(f"findings {folder}: no such folder; `spacetime-rl playtest` makes results/findings/NAME")
    return FolderStore(folder)
