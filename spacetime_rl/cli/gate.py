"""`spacetime-rl gate`: is this build of the game worse than that one?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, print_json
from spacetime_rl.cli.completion import complete_config, complete_source
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.playtest.plan import GatePlan
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.playtest.gate import GateReport

USUAL = GatePlan()
EXITS = {"pass": 0, "regression": 1, "inconclusive": 4}


def gate(
    config: Annotated[
        str,
        typer.Argument(metavar="CONFIG", help="The configuration that is played.", autocompletion=complete_config),
    ],
    base: Annotated[
        str | None,
        typer.Option(metavar="BUILD", help="The build to compare with: a Godot project folder or an exported game."),
    ] = None,
    build: Annotated[
        str | None, typer.Option(metavar="BUILD", help="The build to judge; default: the configuration's game.")
    ] = None,
    build_set: Annotated[
        list[str] | None,
        typer.Option("--build-set", metavar="KEY=VALUE", help="A setting of that build alone; may be repeated."),
    ] = None,
    player: Annotated[
        str,
        typer.Option(
            metavar="PLAYER",
            help="A run, an ONNX folder, `baseline`, `heuristic` or `random`.",
            autocompletion=complete_source,
        ),
    ] = "heuristic",
    overrides: SetOption = None,
    episodes: Annotated[
        int, typer.Option(metavar="N", **whole_number("Episodes of each build, at most.", 1))
    ] = USUAL.episodes,
    round_: Annotated[
        int, typer.Option("--round", metavar="N", **whole_number("Episodes between two looks.", 1))
    ] = USUAL.round,
    margin: Annotated[
        float, typer.Option(metavar="SHARE", help="A build that is worse by less than this passes.", min=0.001, max=0.5)
    ] = USUAL.margin,
    alpha: Annotated[
        float, typer.Option(metavar="P", help="How often a verdict may be wrong.", min=0.001, max=0.5)
    ] = USUAL.alpha,
    seed: Annotated[
        int, typer.Option(metavar="N", **whole_number("Seed of the first round.", 0, LARGEST_SEED))
    ] = USUAL.seed,
    self_check: Annotated[
        bool, typer.Option("--self-check", help="Play the base against itself: does this game give equal results?")
    ] = False,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Let one player play two builds of a game, and say whether the second is worse: pass, regression, inconclusive.

    Both play the same numbered episodes, so that a difference is the builds'. It ends as soon as the verdict is proven.

    [bold]Examples[/bold]

      spacetime-rl gate my_game.yaml --base ../last_release --build .

      spacetime-rl gate my_game.yaml --base last.x86_64 --build new.x86_64 --player my-run --json

      spacetime-rl gate my_game.yaml --build-set scenario.params.max_speed=9

      spacetime-rl gate my_game.yaml --self-check
    """
    if not (base or build or build_set or self_check):
        raise UsageError("gate: nothing to compare; give --base, --build or --build-set, or --self-check")
    if self_check and (build or build_set):
        raise UsageError("gate: --self-check plays the base against itself; leave out --build and --build-set")
    from spacetime_rl.playtest.gate import Build, find_build, run_gate

    theirs = find_build("base", base) if base else Build("base")
    ours = find_build("build", build) if build else Build("build", theirs.overrides if self_check else ())
    ours = Build("build", (*ours.overrides, *(build_set or ())))
    plan = GatePlan(episodes, round_, margin, alpha, seed)
    report = run_gate(
        player,
        config,
        ours,
        theirs,
        plan,
        overrides or (),
        results or RESULTS,
        lambda line: typer.echo(line, err=True),
    )
    if json_output:
        print_json(report.to_dict())
    else:
        _show(report)
    raise typer.Exit(EXITS[report.outcome])


def _show(report: GateReport) -> None:
    from rich import box
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("", "build", "base", "difference, 95 %"):
        table.add_column(column, justify="left" if not column else "right")
    for name, found, form in (("success", report.success, ".1%"), ("return", report.returns, ".4g")):
        if found is not None:
            gap = found.difference
            cells = [found.build, found.base, gap.value, gap.low, gap.high]
            ours, theirs, value, low, high = (f"{cell:{form}}" for cell in cells)
            table.add_row(name, ours, theirs, f"{value} ({low} to {high})")
    plain_console().print(table)
    typer.echo(f"{report.outcome}: {report.sentence}")
