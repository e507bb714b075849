"""`spacetime-rl sweep`: train many trials of one configuration, and publish the best one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacetime_rl import metrics
from spacetime_rl.cli.common import (
    JsonOption,
    ResultsOption,
    SetOption,
    TrainingSeedOption,
    as_overrides,
    print_json,
    refuse_given,
)
from spacetime_rl.cli.completion import complete_run, complete_sweep
from spacetime_rl.errors import UsageError
from spacetime_rl.host import signals
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from rich.table import Table

    from spacetime_rl.training.outcome import Outcome
    from spacetime_rl.tuning.ranking import Score

_MOST = 12  # candidates in the table


def sweep(
    context: typer.Context,
    config: Annotated[
        str | None,
        typer.Argument(
            metavar="SWEEP",
            help="A YAML file, or the name of a packaged one (sweeps/interaction_asha).",
            autocompletion=complete_sweep,
        ),
    ] = None,
    overrides: SetOption = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Continue a sweep, by its id or folder.", autocompletion=complete_run),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier run of the same id.")] = False,
    run_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Run id of the sweep; default: CONFIG-YYYYMMDD-HHMMSS.")
    ] = None,
    seed: TrainingSeedOption = None,
    tracking_uri: Annotated[str | None, typer.Option(metavar="URI", help="MLflow server or database.")] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
    no_eval: Annotated[bool, typer.Option("--no-eval", help="Do not evaluate the best policies.")] = False,
) -> None:
    """Search settings: train many trials, stop the worse ones early, export and evaluate the best.

    Trains on the Ray cluster of $RAY_ADDRESS, or on this machine. Ctrl-C saves every trial; --resume continues.

    [bold]Examples[/bold]
    $ spacetime-rl sweep sweeps/interaction_asha
    $ spacetime-rl sweep my_sweep.yaml --set sweep.num_samples=16 --set sweep.max_concurrent=4
    $ spacetime-rl sweep --resume interaction_asha-20270101-120000
    """
    from spacetime_rl.config.sweep_loader import load_sweep
    from spacetime_rl.game.project import scenario_names
    from spacetime_rl.training import resume as later
    from spacetime_rl.training import run as story

    try:
        if resume is not None:
            refuse_given(
                context,
                "sweep --resume",
                "begins a sweep, --resume continues one; leave one of them out",
                *("config", "overrides", "force", "run_id", "seed", "tracking_uri"),
            )
            end = later.resume_sweep(resume, results or RESULTS, not no_eval, json_output)
        elif config is None:
            raise UsageError("sweep: name a sweep, as in `spacetime-rl sweep sweeps/interaction_asha`")
        else:
            given = {"seed": seed, "tracking.uri": tracking_uri, "results": results}
            settings = [*(overrides or ()), *as_overrides(given)]
            loaded = load_sweep(config, settings, scenario_names())
            end = story.begin(loaded, run_id, force, not no_eval, json_output)
    except KeyboardInterrupt:
        typer.echo(
            f"spacetime-rl: stopped by {signals.name()} at once; a sweep that had begun continues with --resume",
            err=True,
        )
        raise typer.Exit(signals.exit_code()) from None
    _show(end, json_output)
    if end.summary.stopped:
        raise typer.Exit(signals.exit_code())


def _show(end: Outcome, json_output: bool) -> None:
    if json_output:
        return print_json(to_dict(end))
    from rich.text import Text

    from spacetime_rl.cli.run_summary import print_summary
    from spacetime_rl.console.plain import plain_console

    console = plain_console()
    console.print()
    console.print(_table(end))
    console.print()
    console.print(Text(end.verdict, style="bold"))
    console.print(f"all trials: {end.page}", soft_wrap=True)
    return print_summary(end.summary, console)


def to_dict(end: Outcome) -> dict[str, Any]:
    """The outcome of a sweep as plain JSON data."""
    return {
        **end.summary.to_dict(),
        "champion": end.verdict,
        "page": str(end.page),
        "candidates": [
            {
                "values": dict(candidate.values),
                "trials": list(candidate.trials),
                "on_front": candidate.on_front,
                "scores": {
                    name: {"mean": score.mean, "low": score.low, "high": score.high}
                    for name, score in candidate.scores.items()
                },
            }
            for candidate in end.candidates
        ],
        "trials": [
            {
                "trial_id": trial.trial_id,
                "status": trial.status,
                "values": dict(trial.drawn),
                "agent_steps": metrics.Result(trial.result).agent_steps,
                "checkpoint": trial.checkpoint and str(trial.checkpoint),
                "error": trial.reason,
                "notices": [notice.to_dict() for notice in trial.notices],
            }
            for trial in end.trials
        ],
    }


def _table(end: Outcome) -> Table:
    from rich.table import Table

    from spacetime_rl.config.search_space import short_value

    goals = end.config.settings.goals
    names = list(dict.fromkeys(name for candidate in end.candidates for name in candidate.values))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for title in ("candidate", *(goal.metric for goal in goals), *names):
        table.add_column(title, no_wrap=True, justify="left" if title == "candidate" else "right")
    for candidate in end.candidates[:_MOST]:
        mark = "front " if len(goals) > 1 and candidate.on_front else ""
        label = mark + ", ".join(trial.rpartition("_")[2] for trial in candidate.trials)
        figures = [_figure(candidate.scores[goal.metric]) for goal in goals]
        style = "bold" if candidate is end.candidates[0] else ""
        table.add_row(label, *figures, *map(short_value, _in_order(candidate.values, names)), style=style)
    return table


def _in_order(values: Mapping[str, Any], names: list[str]) -> Iterator[Any]:
    return (values.get(name) for name in names)


def _figure(score: Score) -> str:
    interval = "" if score.low == score.high else f" ({score.low:.3g} to {score.high:.3g})"
    return f"{score.mean:.3g}{interval}"
