"""`spacetime-rl replay`: play a recorded episode again, and compare."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, SetOption, print_json


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A recorded episode.")],
    build: Annotated[
        str | None,
        typer.Option(
            metavar="BUILD", help="Another build of the game to play it on: a Godot project folder or an exported game."
        ),
    ] = None,
    overrides: SetOption = None,
    window: Annotated[bool, typer.Option("--window", help="Show the episode in a window, in real time.")] = False,
    check: Annotated[bool, typer.Option("--check", help="End with exit code 1 if the replay differs.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Play the actions of a recorded episode again, and compare the state of the game after every decision.

    If it differs, the first decision and the body that differ are named, and what may be the cause.

    [bold]Examples[/bold]

      spacetime-rl replay results/episodes/my-run/ep_000003.parquet

      spacetime-rl replay ep_000003.parquet --window

      spacetime-rl replay ep_000003.parquet --build ./my_game --check
    """
    from spacetime_rl.config import change
    from spacetime_rl.episodes.files import read_episode
    from spacetime_rl.episodes.replay import play_again
    from spacetime_rl.evaluation.target import build_overrides
    from spacetime_rl.evaluation.watch import require_display
    from spacetime_rl.game.project import scenario_names

    if window:
        require_display()
    episode = read_episode(file)
    changes = [*(build_overrides("build", build) if build else ()), *(overrides or ())]
    config = change(episode.config, changes, scenario_names()) if changes else None
    played = play_again(episode, config, window)
    if json_output:
        print_json(played.to_dict())
    else:
        typer.echo(played.sentence)
        for cause in played.causes:
            typer.echo(f"  {cause}")
    raise typer.Exit(int(check and played.difference is not None))
