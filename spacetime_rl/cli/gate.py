"""`spacetime-rl gate`: is a build worse than another one, a run than its bounds, a report than an earlier one?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from spacetime_rl.cli.common import JsonOption, ResultsOption, SetOption, as_overrides, print_json
from spacetime_rl.cli.completion import complete_run, complete_source, complete_target
from spacetime_rl.cli.numbers import LARGEST_SEED, decimal_number, whole_number
from spacetime_rl.cli.on_linux import on_linux
from spacetime_rl.errors import UsageError
from spacetime_rl.runs.layout import RESULTS

if TYPE_CHECKING:
    from spacetime_rl.playtest.checks import Check
    from spacetime_rl.playtest.gate_report import GateReport

EXITS = {"pass": 0, "regression": 1, "inconclusive": 4}


class _Builds(TyperGroup):
    """`gate CONFIG` stands for `gate builds CONFIG`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named or not args else ["builds", *args])


app = typer.Typer(cls=_Builds, help="Is a build, a run or a report worse than it should be?", no_args_is_help=True)


def builds(
    target: Annotated[
        str,
        typer.Argument(
            metavar="CONFIG",
            help="The configuration that is played, with its `gate` section; or a scenario, a game, a project.",
            autocompletion=complete_target,
        ),
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
        str | None,
        typer.Option(
            metavar="PLAYER",
            help="A run, an ONNX folder, `baseline`, `heuristic` (default) or `random`.",
            autocompletion=complete_source,
        ),
    ] = None,
    overrides: SetOption = None,
    episodes: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Episodes of each build, at most; default 2,000.", 1))
    ] = None,
    round_: Annotated[
        int | None, typer.Option("--round", metavar="N", **whole_number("Episodes between two looks; default 50.", 1))
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            **decimal_number(
                "A build that succeeds in fewer episodes by less than this share passes; default 0.025.", 0.001, 0.5
            ),
        ),
    ] = None,
    cpu_margin: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            **decimal_number(
                "Judge the processor time a physics tick, too: more by less than this share passes.", 0.001, 10.0
            ),
        ),
    ] = None,
    findings: Annotated[
        bool | None,
        typer.Option(
            "--findings/--no-findings",
            help="Whether the oracles of `playtest` look at every episode; recording them takes time.",
        ),
    ] = None,
    alpha: Annotated[
        float | None,
        typer.Option(metavar="P", **decimal_number("How often a verdict may be wrong; default 0.05.", 0.001, 0.5)),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", **whole_number("Seed of the first round.", 0, LARGEST_SEED))
    ] = None,
    self_check: Annotated[
        bool,
        typer.Option(
            "--self-check", help="Play the base against itself: how often would this game raise a false alarm?"
        ),
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
    from spacetime_rl.playtest.load import load_gate

    given = {
        "player": player,
        "episodes": episodes,
        "round": round_,
        "margin": margin,
        "cpu_margin": cpu_margin,
        "findings": findings,
        "alpha": alpha,
        "seed": seed,
    }
    plan = load_gate(target, overrides or (), as_overrides(given))
    theirs = find_build("base", base, plan.scenario) if base else Build("base")
    ours = Build("build", theirs.overrides if self_check else ())
    if build:
        ours = find_build("build", build, plan.scenario)
    ours = Build("build", (*ours.overrides, *(build_set or ())))
    report = run_gate(plan, ours, theirs, results or RESULTS, lambda line: typer.echo(line, err=True))
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
    from rich import box
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("", "build", "base", "difference, 95 %", "verdict"):
        table.add_column(column, justify="right" if column and column != "verdict" else "left")
    judged = {one.measure.name: one for one in report.measures}
    rows = {"success": report.success, "return": report.returns, "cpu_ms_a_tick": report.cpu}
    rows |= {name: one.compared for name, one in judged.items()}
    for name, found in rows.items():
        if found is not None:
            gap, form = found.difference, ".1%" if name == "success" else ".4g"
            cells = [f"{value:{form}}" for value in (found.build, found.base)]
            shown = [
                f"{value - 1.0:+.1%}" if found.is_ratio else f"{value:{form}}"
                for value in (gap.value, gap.low, gap.high)
            ]
            verdict = judged[name].outcome if name in judged else "not judged"
            table.add_row(name, *cells, f"{shown[0]} ({shown[1]} to {shown[2]})", verdict)
    if table.rows:
        plain_console().print(table)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}")
    if report.false_alarms is not None:
        typer.echo(f"false alarms of this game beside itself: {report.false_alarms:.1%}")
    typer.echo(f"{report.outcome}: {report.sentence}")
