"""`spacetime-rl playtest`: let players play a build, and report what breaks."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, as_overrides, print_json
from spacetime_rl.cli.completion import complete_target
from spacetime_rl.cli.numbers import LARGEST_SEED, decimal_number, whole_number
from spacetime_rl.errors import UserCodeError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import FINDINGS, PLAYTESTS, RESULTS


def playtest(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="A plan (a configuration with a `playtest` section), a scenario, an exported game or a Godot project.",
            autocompletion=complete_target,
        ),
    ],
    build: Annotated[
        str | None,
        typer.Option(metavar="BUILD", help="Another build of the game: a Godot project folder or an exported game."),
    ] = None,
    player: Annotated[
        list[str] | None,
        typer.Option(
            "--player",
            metavar="PLAYER[=SHARE]",
            help="Who plays: `random`, `heuristic`, `baseline`, a run or an ONNX folder; may be repeated.",
        ),
    ] = None,
    overrides: SetOption = None,
    episodes: Annotated[int | None, typer.Option(metavar="N", **whole_number("Episodes in all.", 1))] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="M", **decimal_number("Wall-clock minutes of play, at most.", 0.01, 10_000))
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of the episodes.", 0, LARGEST_SEED))
    ] = None,
    games: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Games that play at the same time.", 1))
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--findings", metavar="DIR", help="Where findings are kept; default: results/findings/NAME."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Folder of the report; default: results/playtests/TIME-NAME."),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let players play a build, look for crashes, hangs, errors and stuck players, and keep each as a recording.

    Every finding is played again from its recording, and shortened. Exit code 1 if an error was found that is new, or
    that was marked as fixed.

    [bold]Examples[/bold]

      spacetime-rl playtest vr_interaction --minutes 5

      spacetime-rl playtest plan.yaml --build ./my_game

      spacetime-rl playtest my_game.yaml --player random --player my-run=3 --episodes 500 --json
    """
    from spacetime_rl.evaluation.target import build_overrides
    from spacetime_rl.pictures.playtest_outputs import play_and_report
    from spacetime_rl.playtest.load import load_plan
    from spacetime_rl.playtest.report import to_dict, to_page

    where = results or RESULTS
    given = {"episodes": episodes, "minutes": minutes, "seed": seed, "games": games}
    changes = [*(build_overrides("build", build) if build else ()), *(overrides or ())]
    plan = load_plan(target, changes, as_overrides(given), player or ())
    kept = store or where / FINDINGS / plan.config.name
    folder = output or where / PLAYTESTS / f"{datetime.now():%Y-%m-%d_%H-%M-%S}-{plan.config.name}"
    baseline = None if build else target
    report, files = play_and_report(plan, kept, folder, where, lambda line: typer.echo(line, err=True), baseline)
    if json_output:
        print_json(to_dict(report) | {"files": [str(file) for file in files], "store": str(kept)})
    else:
        typer.echo(to_page(report))
        typer.echo(f"{short(folder)}: {', '.join(file.name for file in files)}; findings in {short(kept)}")
    if report.interrupted:
        raise KeyboardInterrupt
    if report.problems:
        raise UserCodeError("; ".join(report.problems))
    raise typer.Exit(int(report.failed))
