"""`spacetime-rl nightly`: train, evaluate, compare with the last night, playtest, and write one report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, print_json, refuse_given
from spacetime_rl.cli.completion import complete_config
from spacetime_rl.cli.numbers import decimal_number, whole_number
from spacetime_rl.formats.shell import short
from spacetime_rl.nightly.plan import NightlyPlan
from spacetime_rl.runs.layout import FINDINGS, RESULTS

USUAL = NightlyPlan()


def nightly(
    context: typer.Context,
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="The configuration of the night.", autocompletion=complete_config)
    ],
    overrides: SetOption = None,
    steps: Annotated[int, typer.Option(metavar="N", **whole_number("Agent steps of training.", 1))] = USUAL.agent_steps,
    games: Annotated[
        int, typer.Option(metavar="N", **whole_number("Games that play at the same time in training.", 1))
    ] = USUAL.games,
    episodes: Annotated[
        int, typer.Option(metavar="N", **whole_number("Episodes that each player is evaluated on.", 1))
    ] = USUAL.episodes,
    minutes: Annotated[
        float, typer.Option(metavar="M", **decimal_number("Minutes of playtest.", 0.01, 10_000))
    ] = USUAL.minutes,
    videos: Annotated[
        int, typer.Option(metavar="N", help="Films of the new policies, from the best to the worst.", min=0, max=20)
    ] = USUAL.videos,
    base: Annotated[
        str | None,
        typer.Option(metavar="BUILD", help="An earlier build, a project folder or an exported game, to compare with."),
    ] = None,
    last: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the night to compare with; default: the last one that is here."),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(metavar="SHARE", help="Policies that are worse by less than this pass.", min=0.0, max=1.0),
    ] = USUAL.margin,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the night that was interrupted.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", metavar="DIR", help="Folder of the night; default: results/nights/NAME/TIME."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--findings", metavar="DIR", help="Where findings are kept; default: results/findings/NAME."),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Train for long, evaluate, compare with the last night, playtest, and write one report: RL_NIGHTLY_REPORT.md.

    A stage that fails does not keep the others from being done; --resume does what is missing. Exit code 1 if the
    policies or the build got worse, or if an error was found that is new.

    [bold]Examples[/bold]

      spacetime-rl nightly vr_navigation

      spacetime-rl nightly my_game.yaml --base ../last_release --videos 3

      spacetime-rl nightly vr_navigation --steps 20000 --games 1 --episodes 10 --minutes 0.5

      spacetime-rl nightly vr_navigation --resume
    """
    from spacetime_rl.nightly.begin import begin_night, resume_night
    from spacetime_rl.nightly.report import PAGE
    from spacetime_rl.nightly.story import Place, run_night

    where = results or RESULTS
    if resume:
        of_the_night = ("overrides", "steps", "games", "episodes", "minutes", "videos", "base", "last", "margin")
        refuse_given(context, "nightly --resume", "a night goes on as it began; leave it out", *of_the_night)
        night, folder = resume_night(config, where, output)
    else:
        plan = NightlyPlan(steps, games, episodes, minutes, videos, margin)
        night, folder = begin_night(config, overrides or (), plan, where, output, base, last)
    kept = store or where / FINDINGS / night.name
    night = run_night(night, Place(folder, kept, where, lambda line: typer.echo(line, err=True)))
    if json_output:
        print_json(night.to_dict() | {"folder": str(folder)})
    else:
        typer.echo((folder / PAGE).read_text(encoding="utf-8"))
        typer.echo(str(short(folder / PAGE)))
    raise typer.Exit(night.exit_code)
