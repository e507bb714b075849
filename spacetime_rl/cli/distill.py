"""`spacetime-rl distill`: small networks learn to decide as the trained ones do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacetime_rl.cli.common import CheckpointNumberOption, JsonOption, ResultsOption, as_overrides, print_json
from spacetime_rl.cli.completion import complete_run
from spacetime_rl.cli.eval import show_progress
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.cli.smaller import show_judged
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import short


def distill(
    where: Annotated[
        str,
        typer.Argument(
            metavar="RUN|TRIAL|CHECKPOINT",
            help="The teachers: a run's id or folder, a trial's, or a checkpoint.",
            autocompletion=complete_run,
        ),
    ],
    hiddens: Annotated[
        str, typer.Option(metavar="N,N", help="Widths of the students' hidden layers, e.g. 64,64.")
    ] = "64,64",
    agent_steps: Annotated[
        int, typer.Option(metavar="N", **whole_number("Decisions of all agents that students learn from.", 1))
    ] = 200_000,
    episodes: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Episodes to compare; default: the configuration's.", 2))
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", **whole_number("Seed of the students and of what they play.", 0, LARGEST_SEED))
    ] = 0,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Folder of the files; default: in the run's.")
    ] = None,
    checkpoint_number: CheckpointNumberOption = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Teach small networks to decide as the trained policies do, and compare both on the same episodes.

    The students act in the game, and the trained policies say what they would have done there.

    [bold]Examples[/bold]

      spacetime-rl distill my-run

      spacetime-rl distill my-run --hiddens 32,32 --agent-steps 500000 -o policies
    """
    from spacetime_rl.runs.layout import RESULTS, run_around
    from spacetime_rl.runs.locate import find_checkpoint

    widths = _widths(hiddens)
    found = find_checkpoint(where, results or RESULTS, checkpoint_number)
    folder = out or (run_around(found) or Path()) / "distilled" / "x".join(map(str, widths))
    from spacetime_rl.smaller.story import distil_run

    judged = distil_run(
        found,
        widths,
        folder,
        agent_steps=agent_steps,
        seed=seed,
        overrides=as_overrides({"evaluation.episodes": episodes}),
        show=lambda played: show_progress(played.evaluation.max_time_s, lines=json_output),
        say=lambda line: typer.echo(line, err=True),
    )
    if json_output:
        print_json({"checkpoint": str(found), "folder": str(folder), "hiddens": list(widths)} | judged.to_dict())
        return
    show_judged(judged)
    typer.echo(str(short(folder)))


def _widths(text: str) -> tuple[int, ...]:
    try:
        widths = tuple(int(part) for part in text.split(","))
    except ValueError:
        widths = ()
    if not widths or min(widths) < 1:
        raise UsageError(f"--hiddens {text}: expected widths with commas between them, as in --hiddens 64,64")
    return widths
