"""`spacetime-rl godot`: the engine this package runs games with."""

from __future__ import annotations

import typer

app = typer.Typer(help="Find, install and prepare the Godot engine.", no_args_is_help=True)


@app.command()
def install() -> None:
    """Install Godot into a private prefix, where none is found; no root needed. The second run is instant."""
    raise NotImplementedError
