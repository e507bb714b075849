"""`spacetime-rl godot`: find, install and prepare the engine that this package runs games with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.numbers import whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.game.export_game import PRESET

app = typer.Typer(help="Find, install and prepare the Godot engine.", no_args_is_help=True)


@app.command()
def install(
    template: Annotated[
        bool, typer.Option("--template", help="Also the export template, which `godot export` needs for a program.")
    ] = False,
) -> None:
    """Install Godot into a private prefix and import the scenarios; no root needed. The second run is instant.

    A Godot that is found already ($GODOT_BIN, PATH) is used as it is.

    [bold]Examples[/bold]

      spacetime-rl godot install

      spacetime-rl godot install --template
    """
    from spacetime_rl.game.ensure import ensure_godot, ensure_template

    found = ensure_godot(install=True)
    typer.echo(f"Godot {found.version_text}: {found.path}")
    if template:
        typer.echo(f"export template: {ensure_template(found)}")
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


@app.command()
def addon(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="A Godot project's folder.")],
) -> None:
    """Put the addon into your game, or this version in place of another, and enable its plugin. Close the editor first.

    [bold]Examples[/bold]

      spacetime-rl godot addon ./my_game
    """
    from spacetime_rl.game.addon import add_addon

    added = add_addon(project)
    instead = f", instead of {added.before}" if added.before not in ("", added.now) else ""
    typer.echo(f"{added.folder}: version {added.now}{instead}")
    if added.enabled:
        typer.echo(f"enabled the plugin in {project / 'project.godot'}")


@app.command()
def restart(
    project: Annotated[Path, typer.Argument(metavar="PROJECT", help="A Godot project's folder, which has the addon.")],
    scene: Annotated[
        str | None, typer.Option(metavar="SCENE", help="The scene to begin with; default: the project's main scene.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", **whole_number("Port of its HTTP API.", 1024, 65535))] = 8080,
    headless: Annotated[bool, typer.Option("--headless", help="Without a window.")] = False,
    attach: Annotated[bool, typer.Option("--attach", help="It waits for a training, as `train --attach`.")] = False,
) -> None:
    """Start your game with its HTTP API, after ending the one that has the port; it runs on by itself.

    Prints the address, the token, the process id, and the file with the game's output. $SPACETIME_HTTP_TOKEN sets the
    token.

    [bold]Examples[/bold]

      spacetime-rl godot restart ./my_game

      spacetime-rl godot restart ./my_game --scene res://levels/two.tscn --port 8081 --headless
    """
    from spacetime_rl.client.restart import restart_game

    game = restart_game(project, scene, port, ["--attach"] if attach else [], headless)
    if game.ended is not None:
        typer.echo(f"ended: process {game.ended}")
    typer.echo(f"{game.url}\ntoken: {game.token}\npid: {game.pid}\nlog: {game.log}")


@app.command()
def native(
    project: Annotated[
        Path | None,
        typer.Option("--project", metavar="DIR", help="Also put it into this Godot project, for editor and exports."),
    ] = None,
) -> None:
    """Build the native library, which computes policies in the game faster; needs a C compiler ($CC, cc, gcc or clang).

    Every game that is started on this machine uses the library by itself from then on, if its addon knows it. A game
    works without it, and decides the same.

    [bold]Examples[/bold]

      spacetime-rl godot native

      spacetime-rl godot native --project ./my_game
    """
    from spacetime_rl.game.ensure import ensure_godot
    from spacetime_rl.game.native import add_native, build_native

    built = build_native(ensure_godot())
    typer.echo(f"built: {built}")
    if project is not None:
        typer.echo(f"added to the project: {add_native(project, built)}")


@app.command()
def export(
    game: Annotated[
        str,
        typer.Argument(metavar="GAME", help="A Godot project's folder, or one of the scenarios that come with us."),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", metavar="FILE", help="The exported game; default: build/NAME with its machine's name."
        ),
    ] = None,
    preset: Annotated[str, typer.Option(metavar="NAME", help="A preset of the project's export_presets.cfg.")] = PRESET,
    scene: Annotated[
        str | None, typer.Option(metavar="SCENE", help="The scene to begin with; default: the project's main scene.")
    ] = None,
    pack: Annotated[
        bool, typer.Option("--pack", "--export-pack", help="Export a .pck, which needs no template to be made.")
    ] = False,
    no_start: Annotated[
        bool, typer.Option("--no-start", help="Do not start the exported game to see whether it answers.")
    ] = False,
) -> None:
    """Export a game for Linux without a screen, and start it once to see whether it answers.

    A project without an export preset gets one, `linux-headless`, in its export_presets.cfg. A program needs Godot's
    export template (`spacetime-rl godot install --template`); a pack needs none, and the engine of this machine runs
    it. Either is what `train`, `eval`, `playtest` and `gate` take for an exported game.

    [bold]Examples[/bold]

      spacetime-rl godot export ./my_game

      spacetime-rl godot export ./my_game --output build/my_game.x86_64 --preset linux-headless

      spacetime-rl godot export vr_navigation --pack
    """
    from spacetime_rl.game.client import open_game
    from spacetime_rl.game.ensure import ensure_godot
    from spacetime_rl.game.export_game import export_game
    from spacetime_rl.game.launch import GameLaunch
    from spacetime_rl.game.program import PACK, machine_name
    from spacetime_rl.game.project import OWN_PROJECT, find_scenario

    project = Path(game)
    if not (project / "project.godot").is_file():
        project, scene = OWN_PROJECT, scene or find_scenario(game).scene
    end = PACK if pack else f".{machine_name()}"
    out = output or Path("build", f"{Path(game).resolve().name}{end}")
    if pack and out.suffix != PACK:
        raise UsageError(f"godot export: --output {out}: the name of a pack ends with {PACK}")
    made = export_game(project, out, ensure_godot(), preset, scene)
    if made.preset_made:
        typer.echo(f"added the export preset {preset} to {made.preset_made}")
    typer.echo(f"exported: {out} ({out.stat().st_size / 1e6:.0f} MB)")
    if made.native is not None:
        typer.echo(f"belongs to it: {made.native}, the native library; the game works without it, and more slowly")
    if not no_start:
        with open_game(GameLaunch(env_path=made.path)) as started:
            agents = ", ".join(f"{len(group.agents)} {group.name}" for group in started.spec.groups)
            typer.echo(f"it starts and answers; agents: {agents}")
