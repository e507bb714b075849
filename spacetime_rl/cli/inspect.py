"""`spacetime-rl inspect`: statistics of a game's data in random episodes, and its problems."""

from __future__ import annotations

from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, SetOption, print_json
from spacetime_rl.cli.completion import complete_target
from spacetime_rl.cli.numbers import LARGEST_SEED, decimal_number, whole_number

FAULTY = 1


def inspect(
    game: Annotated[
        str,
        typer.Argument(
            metavar="GAME",
            help="A scenario, a configuration, an exported game or a Godot project folder.",
            autocompletion=complete_target,
        ),
    ],
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Lay a preset over it (quick_test), before any --set.")
    ] = None,
    overrides: SetOption = None,
    time_s: Annotated[
        float, typer.Option("--time", metavar="SECONDS", **decimal_number("How long to play.", 0.1, 86400))
    ] = 10.0,
    decisions: Annotated[
        int, typer.Option("--decisions", metavar="N", **whole_number("How many decisions to play at most.", 1))
    ] = 20_000,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of the episodes.", 0, LARGEST_SEED))
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """Play random episodes and print statistics of every observation field and reward, and what looks wrong.

    Exit code 1 where the game sends values that no training can use, such as NaN; 0 with warnings.

    [bold]Examples[/bold]

      spacetime-rl inspect vr_navigation

      spacetime-rl inspect ./my_game.x86_64 --time 30

      spacetime-rl inspect ./my_project --set game.arenas=1 --json
    """
    from spacetime_rl.cli.common import as_overrides
    from spacetime_rl.evaluation.target import load_target
    from spacetime_rl.inspection.report import make_report, show
    from spacetime_rl.inspection.sample import play_random

    config = load_target(game, [*(overrides or ()), *as_overrides({"seed": seed})], preset)
    report = make_report(play_random(config, time_s, decisions), config)
    if json_output:
        print_json(report.to_dict())
    else:
        from rich.table import Table

        from spacetime_rl.console.plain import plain_console

        console = plain_console()
        for part in show(report):
            console.print(part, soft_wrap=not isinstance(part, Table))
    if report.faulty:
        raise typer.Exit(FAULTY)
