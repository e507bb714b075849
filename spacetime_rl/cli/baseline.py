"""`spacetime-rl baseline`: train a configuration's baseline, or take a finished run, and evaluate it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacetime_rl.cli.common import (
    JsonOption,
    ResultsOption,
    SetOption,
    as_overrides,
    load_config,
    print_json,
)
from spacetime_rl.cli.completion import complete_config, complete_run
from spacetime_rl.cli.numbers import whole_number
from spacetime_rl.errors import UsageError
from spacetime_rl.host import signals
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.baselines.make import Outcome
    from spacetime_rl.config import RunConfig


def baseline(
    config: Annotated[
        str,
        typer.Argument(metavar="CONFIG", help="The name of a packaged configuration.", autocompletion=complete_config),
    ],
    preset: Annotated[
        str | None, typer.Option(metavar="NAME", help="Lay a preset over it; the baseline is called CONFIG-PRESET.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(metavar="RUN", help="A finished run; default: train one.", autocompletion=complete_run)
    ] = None,
    episodes: Annotated[int, typer.Option(metavar="N", **whole_number("Held-out episodes to play.", 1))] = 500,
    force: Annotated[bool, typer.Option("--force", help="Replace a baseline that does better.")] = False,
    overrides: SetOption = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Train the policies that come with the package, and evaluate them beside the scripted and the random policy.

    All of them play the same seeded episodes, none of which was used in training. An earlier baseline plays them, too,
    and is replaced if it does worse.

    [bold]Examples[/bold]

      spacetime-rl baseline vr_navigation

      spacetime-rl baseline vr_navigation --run my-run --episodes 100
    """
    from spacetime_rl.runs.shipped import require_writable

    require_writable()
    name = _name_of(config) + (f"-{preset}" if preset else "")
    settings = [*(overrides or ()), *as_overrides({"results": results})]
    chosen = load_config(config, settings, preset)
    judged = load_config(config, [*settings, *as_overrides({"evaluation.episodes": episodes})], preset)
    folder = _train(chosen, json_output) if run is None else _find(run, results or RESULTS)
    from spacetime_rl.baselines.make import TrainedRun, make_baseline
    from spacetime_rl.contract import is_adversarial

    words = [
        "spacetime-rl",
        "baseline",
        config,
        *([f"--preset {shlex.quote(preset)}"] if preset else []),
        f"--episodes {episodes}",
    ]
    words += [f"--set {shlex.quote(change)}" for change in overrides or ()]
    taken = TrainedRun.read(folder)
    hostile = is_adversarial(judged)
    outcome = make_baseline(name, judged, taken, words, force, hostile, say=lambda what: typer.echo(what, err=True))
    _show(outcome, json_output)


def _name_of(config: str) -> str:
    from spacetime_rl.config.packaged import CONFIGS, packaged

    file = packaged(config)
    if file is None:
        raise UsageError(f"baseline {config}: is no packaged configuration; `spacetime-rl scenarios` lists them")
    return file.relative_to(CONFIGS).with_suffix("").as_posix()


def _train(config: RunConfig, json_output: bool) -> Path:
    from spacetime_rl.training import run

    summary = run.train(config, evaluate=False, json_output=json_output)
    if summary.interrupted:
        raise typer.Exit(signals.exit_code())
    return summary.folder


def _find(run: str, results: Path) -> Path:
    from spacetime_rl.runs.locate import find_folder

    return find_folder(run, results)


def _show(outcome: Outcome, json_output: bool) -> None:
    said = {"name": outcome.name, "folder": str(outcome.folder), "written": outcome.written, "reason": outcome.reason}
    if json_output:
        return print_json(said | {"reports": {report.source: report.to_dict() for report in outcome.reports}})
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.evaluation.table import compare

    plain_console().print(compare(outcome.reports))
    return typer.echo(f"{'wrote' if outcome.written else 'left'} {outcome.folder}: {outcome.reason}")
