"""`spacetime-rl eval`: judge policies on seeded episodes."""

from __future__ import annotations

from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption


def evaluate(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A run, a checkpoint, an ONNX folder, `random` or `heuristic`.")
    ],
    config: Annotated[
        str | None,
        typer.Option("--config", metavar="CONFIG", help="What to play; default: what the source was trained on."),
    ] = None,
    overrides: SetOption = None,
    episodes: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Episodes; default: the configuration's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Seed of the episodes.")] = None,
    games: Annotated[int | None, typer.Option(min=1, metavar="N", help="Games that play at the same time.")] = None,
    checkpoint_number: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Which checkpoint of a run; default: the latest.")
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Play seeded episodes and report success with its confidence interval; the same seed gives the same result.

    [bold]Examples[/bold]
    $ spacetime-rl eval my-run
    $ spacetime-rl eval heuristic --config vr_interaction --episodes 200 --json
    $ spacetime-rl eval results/my-run/onnx --config vr_interaction --seed 7
    """
    raise NotImplementedError  # the export and evaluation builder's
