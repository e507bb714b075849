"""`spacetime-rl train`: train one run, from a configuration to tracked, exported and evaluated policies."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    JsonOption,
    ResultsOption,
    SetOption,
    TrainingSeedOption,
    as_overrides,
    load_config,
    refuse_given,
    show_summary,
)
from spacetime_rl.cli.completion import complete_config, complete_preset, complete_run
from spacetime_rl.cli.config import show_dry_run
from spacetime_rl.cli.numbers import whole_number
from spacetime_rl.cli.optional_value import USUAL_PORT
from spacetime_rl.errors import UsageError
from spacetime_rl.host import signals
from spacetime_rl.runs.layout import RESULTS, RunPaths

if TYPE_CHECKING:
    from spacetime_rl.config import RunConfig
    from spacetime_rl.reports.summary import RunSummary


def train(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="CONFIG",
            help="A YAML file, or the name of a packaged one (vr_interaction).",
            autocompletion=complete_config,
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Lay a preset over it (quick_test), before any --set.", autocompletion=complete_preset
        ),
    ] = None,
    overrides: SetOption = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Continue a run, by its id or folder.", autocompletion=complete_run),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run of the same id.")] = False,
    run_id: Annotated[str | None, typer.Option(metavar="ID", help="Run id; default: CONFIG-YYYYMMDD-HHMMSS.")] = None,
    seed: TrainingSeedOption = None,
    initialize_from: Annotated[
        str | None,
        typer.Option(
            metavar="RUN",
            help="Begin with the weights of another run, by its id or folder.",
            autocompletion=complete_run,
        ),
    ] = None,
    tracking_uri: Annotated[str | None, typer.Option(metavar="URI", help="MLflow server or database.")] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Learn from the demonstrations of imitation.from alone, without games.")
    ] = False,
    attach: Annotated[
        int | None,
        typer.Option(
            metavar="[PORT]",
            **whole_number("Wait for a game that you start yourself, by default on port 11008.", 1024, 65535),
        ),
    ] = None,
    via_http: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="Train a running game that has an HTTP API: load the scene there, and attach."
        ),
    ] = None,
    viz: Annotated[bool, typer.Option("--viz", help="Show the first game in a window while it is trained.")] = False,
    no_eval: Annotated[bool, typer.Option("--no-eval", help="Do not evaluate the trained policies.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Start the game and print what would be trained; train nothing.")
    ] = False,
) -> None:
    """Train the policies of one run, then export and evaluate them.

    Ctrl-C stops cleanly and saves a checkpoint; --resume continues from it.

    [bold]Examples[/bold]
    $ spacetime-rl train vr_interaction
    $ spacetime-rl train vr_interaction --set training.lr=1e-4 --set stop.agent_steps=200000 --run-id slow
    $ spacetime-rl train vr_navigation --preset quick_test
    $ spacetime-rl train tag --preset live-seeker
    $ spacetime-rl train my_run.yaml --dry-run
    $ spacetime-rl train --resume slow
    $ spacetime-rl train vr_interaction --initialize-from slow --set training.lr=3e-5
    $ spacetime-rl train vr_locomotion --set imitation.from=results/episodes/by-hand
    $ spacetime-rl train vr_locomotion --offline --set imitation.from=results/episodes/by-hand
    $ spacetime-rl train vr_navigation --viz
    $ spacetime-rl train --attach
    $ spacetime-rl train vr_locomotion --via-http http://127.0.0.1:8080
    $ spacetime-rl train --set env_path=./my_game.x86_64
    """
    settings = [
        *([f"game.attach={USUAL_PORT}"] if via_http is not None else []),
        *(overrides or ()),
        *as_overrides(
            {
                "seed": seed,
                "game.attach": attach,
                "game.via_http": via_http,
                "initialize_from": initialize_from,
                "tracking.uri": tracking_uri,
                "results": results,
            }
        ),
        *(["imitation.offline=true"] if offline else []),
        *(["game.viz=true"] if viz else []),
    ]
    try:
        if resume is None:
            if config is None and not overrides and attach is None and via_http is None:
                raise UsageError(
                    "train: name a configuration, as in `spacetime-rl train vr_interaction`; "
                    "`spacetime-rl scenarios` lists them"
                )
            chosen = load_config(config, [*_from_environment(preset), *settings], preset)
            if dry_run:
                return show_dry_run(chosen, json_output)
            summary = _begin(chosen, run_id, force, not no_eval, json_output)
        else:
            refuse_given(
                context,
                "train --resume",
                "begins a run, --resume continues one; leave one of them out",
                *("force", "run_id", "preset", "initialize_from", "offline", "attach", "via_http", "viz", "dry_run"),
            )
            summary = _go_on(resume, results or RESULTS, config, settings, not no_eval, json_output)
    except KeyboardInterrupt:
        typer.echo(
            f"spacetime-rl: stopped by {signals.name()} at once; a run that had begun continues with --resume", err=True
        )
        raise typer.Exit(signals.exit_code()) from None
    show_summary(summary, json_output)
    if summary.stopped:
        raise typer.Exit(signals.exit_code())
    return None


def _from_environment(preset: str | None) -> list[str]:
    from spacetime_rl.cli.tag_variables import overrides_of

    return overrides_of(preset, os.environ, lambda line: typer.echo(f"spacetime-rl: {line}", err=True))


def _begin(config: RunConfig, run_id: str | None, force: bool, evaluate: bool, json_output: bool) -> RunSummary:
    from spacetime_rl.training import run  # imported here because the import takes a second

    return run.train(config, run_id, force, evaluate, json_output)


def _go_on(
    where: str, results: Path, config: str | None, settings: Sequence[str], evaluate: bool, json_output: bool
) -> RunSummary:
    """Resume a run. A configuration or settings that are given again are compared with the run's own."""
    from spacetime_rl.runs.locate import find_folder

    folder = find_folder(where, results)
    wanted = load_config(config or str(RunPaths(folder).config), settings) if config or settings else None
    from spacetime_rl.training.resume import resume

    return resume(folder, results, wanted, evaluate, json_output)
