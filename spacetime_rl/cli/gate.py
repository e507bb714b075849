"""`spacetime-rl gate`: is a build worse than another one, a run than its bounds, a report than an earlier one?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, print_json
from spacetime_rl.cli.completion import complete_config, complete_run, complete_source
from spacetime_rl.cli.numbers import LARGEST_SEED, whole_number
from spacetime_rl.cli.on_linux import on_linux
from spacetime_rl.errors import UsageError
from spacetime_rl.playtest.plan import GatePlan
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.playtest.checks import Check
    from spacetime_rl.playtest.gate import GateReport

USUAL = GatePlan()
EXITS = {"pass": 0, "regression": 1, "inconclusive": 4}


class _Builds(TyperGroup):
    """`gate CONFIG` stands for `gate builds CONFIG`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named or not args else ["builds", *args])


app = typer.Typer(cls=_Builds, help="Is a build, a run or a report worse than it should be?", no_args_is_help=True)


def builds(
    config: Annotated[
        str,
        typer.Argument(metavar="CONFIG", help="The configuration that is played.", autocompletion=complete_config),
    ],
    base: Annotated[
        str | None,
        typer.Option(
            metavar="BUILD",
            help="The build to compare with: a Godot project folder, an exported game, or git:REF[:PATH].",
        ),
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
    `spacetime-rl gate CONFIG` is short for it.

    [bold]Examples[/bold]

      spacetime-rl gate my_game.yaml --base ../last_release --build .

      spacetime-rl gate my_game.yaml --base git:v1.2 --build .

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


app.command("builds")(on_linux("gate", builds))


@app.command()
def metrics(
    run: Annotated[
        str, typer.Argument(metavar="RUN", autocompletion=complete_run, help="A run, as for `runs show`.")
    ] = "latest",
    require: Annotated[
        list[str] | None,
        typer.Option("--require", metavar="METRIC>=NUMBER", help="A bound; also <=, > and <; may be repeated."),
    ] = None,
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Compare the last metrics of a run with bounds; exit code 1 if one does not hold, or if a metric is missing.

    [bold]Examples[/bold]

      spacetime-rl gate metrics my-run --require 'scenario/return_mean>=-10' --require 'scenario/success_rate>0.5'
    """
    from spacetime_rl.playtest.checks import check_metrics
    from spacetime_rl.runs.read import find_record
    from spacetime_rl.runs.result_log import read_all_progress

    if not require:
        raise UsageError("gate metrics: nothing to compare; give --require METRIC>=NUMBER")
    trials = read_all_progress(find_record(run, results or RESULTS).paths.results)
    if len(trials) != 1:
        what = "is a sweep" if trials else "has no result yet"
        raise UsageError(f"gate metrics {run}: {what}; name a run that has trained")
    (last,) = (trial[-1] for trial in trials.values())
    numbers = {name: float(value) for name, value in last.items() if isinstance(value, int | float)}
    _end_with(check_metrics(numbers, require), json_output)


@app.command()
def reports(
    current: Annotated[Path, typer.Argument(metavar="CURRENT.json", help="What `eval --json` wrote.")],
    baseline: Annotated[Path, typer.Argument(metavar="BASELINE.json", help="The same of an earlier build or policy.")],
    tolerance: Annotated[
        float, typer.Option(metavar="SHARE", help="A figure may be worse by this share of the baseline's.", min=0.0)
    ] = 0.1,
    length: Annotated[
        Literal["ignored", "shorter", "longer"],
        typer.Option("--length", help="Whether shorter or longer episodes are better."),
    ] = "ignored",
    json_output: JsonOption = False,
) -> None:
    """Compare two reports of evaluations by success and return; exit code 1 if the first is worse.

    Single figures say little about few episodes; `spacetime-rl gate CONFIG` says what is proven.

    [bold]Examples[/bold]

      spacetime-rl gate reports current.json baseline.json --tolerance 0.1
    """
    from spacetime_rl.playtest.checks import compare_reports

    _end_with(compare_reports(_read(current), _read(baseline), tolerance, length), json_output)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("expected keys and values")
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: is no report of an evaluation: {error}") from error
    return found


def _end_with(checks: Sequence[Check], json_output: bool) -> None:
    passed = all(check.passed for check in checks)
    if json_output:
        print_json({"format": 1, "passed": passed, "checks": [check.to_dict() for check in checks]})
    else:
        for check in checks:
            found = "missing" if check.found is None else f"{check.found:.4g}"
            hint = f"; {check.hint}" if check.hint else ""
            typer.echo(f"{'PASS' if check.passed else 'FAIL'}  {check.name}  {found}  expected {check.expected}{hint}")
    raise typer.Exit(int(not passed))


def _show(report: GateReport) -> None:
    if report.returns is None:
        typer.echo(f"{report.outcome}: {report.sentence}")
        return
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
