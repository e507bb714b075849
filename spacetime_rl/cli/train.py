"""`spacetime-rl train`: one run, from a configuration to trained, tracked and exported policies."""

from __future__ import annotations

from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, as_overrides, load_config


def train(
    config: Annotated[
        str | None,
        typer.Argument(metavar="CONFIG", help="A YAML file, or the name of a packaged one (vr_interaction)."),
    ] = None,
    overrides: SetOption = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Go on with a run, by its id or folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run of the same id.")] = False,
    run_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Name of the run's folder; default: made up.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0, metavar="N", help="Seed of games, networks, exploration.")] = None,
    tracking_uri: Annotated[str | None, typer.Option(metavar="URI", help="MLflow server or database.")] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
    no_eval: Annotated[bool, typer.Option("--no-eval", help="Do not evaluate the trained policies.")] = False,
) -> None:
    """Train the policies of one run, then export and evaluate them.

    Ctrl-C stops cleanly and keeps a checkpoint; --resume goes on from there.

    [bold]Examples[/bold]
    $ spacetime-rl train vr_interaction
    $ spacetime-rl train vr_interaction --set training.lr=1e-4 --set stop.agent_steps=200000 --run-id slow
    $ spacetime-rl train --resume slow
    $ spacetime-rl train --set env_path=./my_game.x86_64
    """
    settings = as_overrides({"seed": seed, "tracking.uri": tracking_uri, "results": results})
    run_config = load_config(config, [*(overrides or ()), *settings])
    raise NotImplementedError(run_config, resume, force, run_id, json_output, no_eval)  # the training builder's
