"""`spacetime-rl plot`: draw the charts of a run from its folder."""

from __future__ import annotations

from typing import Annotated

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, print_json
from spacetime_rl.cli.completion import complete_run
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.shell import short
from spacetime_rl.runs.layout import RESULTS


def plot(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", autocompletion=complete_run, help="A run or a sweep, named as for `runs show`."),
    ] = "latest",
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Draw the charts of a run or a sweep again, from what is in its folder; it may still be going on.

    The learning curves of each policy are drawn as at the end of a run, and each metric has a chart of its own, such as
    advantage_mean.png and policy_loss.png, with a line for each policy, or in a sweep for each policy of each trial.
    The page about all trials of a sweep that has ended is drawn again, too.

    [bold]Examples[/bold]

      spacetime-rl plot my-run

      spacetime-rl plot latest --json
    """
    from spacetime_rl.pictures.charts import draw_run
    from spacetime_rl.runs.read import find_record

    found = find_record(run, results or RESULTS)
    files = draw_run(found)
    if not files:
        raise UsageError(f"{found.run_id}: has no results yet, in {found.paths.results}; the first iteration has none")
    if json_output:
        return print_json({"run_id": found.run_id, "files": [str(file) for file in files]})
    for file in files:
        typer.echo(str(short(file)))
    return None
