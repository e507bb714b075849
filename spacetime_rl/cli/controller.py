"""`spacetime-rl controller`: scripts for a training controller, put into a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def controller(
    project: Annotated[Path, typer.Argument(metavar="DIR", help="The project's folder.")],
    force: Annotated[bool, typer.Option("--force", help="Replace other files of the same names.")] = False,
) -> None:
    """Put the scripts that training controllers start into a project, or this version in place of another.

    They have the names, flags and output that controllers of Godot RL Agents expect (docs/controller.md).

    [bold]Examples[/bold]

      spacetime-rl controller ./my_game

      spacetime-rl controller . --force
    """
    from spacetime_rl.compat.install import install

    for file in install(project, force):
        typer.echo(file)
