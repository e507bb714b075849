"""`spacetime-rl godot`: find, install and prepare the engine that this package runs games with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Find, install and prepare the Godot engine.", no_args_is_help=True)


@app.command()
def install() -> None:
    """Install Godot into a private prefix and import the scenarios; no root needed. The second run is instant.

    A Godot that is found already ($GODOT_BIN, PATH) is used as it is.

    [bold]Examples[/bold]

      spacetime-rl godot install
    """
    from spacetime_rl.game.ensure import ensure_godot

    found = ensure_godot(install=True)
    typer.echo(f"Godot {found.version_text}: {found.path}")
    import_(None)


@app.command()
def path() -> None:
    """Print the path of the Godot that games run with.

    [bold]Examples[/bold]

      spacetime-rl godot path

      GODOT_BIN=/opt/godot spacetime-rl godot path
    """
    from spacetime_rl.game.engine import find_godot

    typer.echo(find_godot().path)


@app.command()
def version() -> None:
    """Print the version of the Godot that games run with.

    [bold]Examples[/bold]

      spacetime-rl godot version
    """
    from spacetime_rl.game.engine import find_godot

    typer.echo(find_godot().version_text)


@app.command("import")
def import_(
    project: Annotated[
        Path | None, typer.Argument(metavar="[PROJECT]", help="A Godot project's folder; default: our scenarios.")
    ] = None,
) -> None:
    """Import a project now, so that the first game need not wait; needed once per machine, content and Godot version.

    [bold]Examples[/bold]

      spacetime-rl godot import

      spacetime-rl godot import ./my_project
    """
    from spacetime_rl.game.engine import find_godot
    from spacetime_rl.game.project import OWN_PROJECT, import_project

    typer.echo(f"imported: {import_project(project or OWN_PROJECT, find_godot())}")
