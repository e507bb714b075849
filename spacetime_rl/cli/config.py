"""`spacetime-rl config`: list configurations, and show what a run would use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import JsonOption, SetOption, load_config, print_json
from spacetime_rl.cli.completion import complete_config, complete_preset

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig

app = typer.Typer(help="List configurations, and show what a run would use.", no_args_is_help=True)


@app.command("list")
def list_(json_output: JsonOption = False) -> None:
    """List the packaged configurations, sweeps and presets.

    [bold]Examples[/bold]

      spacetime-rl config list
    """
    from spacetime_rl.config.packaged import config_names, find_config, find_preset, preset_names, sweep_names, title

    found = {
        "configurations": {name: title(find_config(name)) for name in config_names()},
        "sweeps": {name: title(find_config(name)) for name in sweep_names()},
        "presets": {name: title(find_preset(name)) for name in preset_names()},
    }
    if json_output:
        return print_json(found)
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console

    for kind, names in found.items():
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
        table.add_column(kind, no_wrap=True)
        table.add_column("")
        for name, meaning in names.items():
            table.add_row(name, meaning)
        plain_console().print(table)
        typer.echo()
    return None


@app.command()
def show(
    config: Annotated[
        str | None,
        typer.Argument(metavar="[CONFIG]", help="A YAML file, or a packaged name.", autocompletion=complete_config),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Lay a preset over it, before any --set.", autocompletion=complete_preset),
    ] = None,
    overrides: SetOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Start the game, too: agents, spaces, policies, sizes on this machine.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Print the whole configuration of a run as YAML, with the default beside every setting that differs.

    [bold]Examples[/bold]

      spacetime-rl config show vr_interaction

      spacetime-rl config show vr_navigation --preset quick_test --set training.lr=1e-4

      spacetime-rl config show my_run.yaml --dry-run
    """
    chosen = load_config(config, overrides or (), preset)
    if dry_run:
        return show_dry_run(chosen, json_output)
    if json_output:
        return print_json(chosen.to_dict())
    from spacetime_rl.config.annotate import MARK, annotated

    for line in annotated(chosen).splitlines():
        setting, mark, default = line.partition(f"  {MARK}")
        typer.echo(f"{typer.style(setting, bold=True)}{typer.style(mark + default, dim=True)}" if mark else line)
    return None


def show_dry_run(config: RunConfig, json_output: bool) -> None:
    """Start the game, and print the settled configuration, the policies and their spaces."""
    typer.echo("spacetime-rl: loading torch", err=True)
    from spacetime_rl.training.dry_run import dry_run

    found = dry_run(config, lambda text: typer.echo(f"spacetime-rl: {text}", err=True))
    if json_output:
        return print_json(found.to_dict())
    from spacetime_rl.config.annotate import annotated

    typer.echo(annotated(found.config))
    return typer.echo("\n".join(found.lines()))
