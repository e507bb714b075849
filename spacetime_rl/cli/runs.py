"""`spacetime-rl runs`: list, show, compare and remove the runs in a results folder, or record them again."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacetime_rl.cli.common import JsonOption, ResultsOption, print_json
from spacetime_rl.cli.completion import complete_run
from spacetime_rl.errors import GateError
from spacetime_rl.runs.layout import RESULTS, checkpoints_in, schemas_in

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

    from spacetime_rl.runs.compare import Comparison, Figure
    from spacetime_rl.runs.read import RunRecord

app = typer.Typer(help="List, show, compare and remove runs.", no_args_is_help=True)

_RunArgument = Annotated[
    str,
    typer.Argument(
        metavar="RUN", autocompletion=complete_run, help="Its id, the beginning of its id, its folder, or `latest`."
    ),
]
_NONE = "\N{EN DASH}"
_STYLES = {
    "finished": "green",
    "training": "cyan",
    "starting": "cyan",
    "trained": "cyan",
    "failed": "red",
    "died": "red",
}


@app.command("list")
def list_(results: ResultsOption = None, json_output: JsonOption = False) -> None:
    """List the runs and sweeps of a results folder, the newest first.

    Success and return are those of the evaluation, or with a ~ of training. A run that was training when its process
    ended without a record is shown as died.

    [bold]Examples[/bold]

      spacetime-rl runs list

      spacetime-rl runs list --results /shared/results --json
    """
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.runs.read import find_records

    folder = results or RESULTS
    found = [run.to_dict() for run in find_records(folder)]
    if json_output:
        return print_json(found)
    if not found:
        return typer.echo(f"No runs in {folder}; begin one: spacetime-rl train vr_interaction --preset quick_test")
    return plain_console().print(table_of(found))


@app.command()
def show(run: _RunArgument = "latest", results: ResultsOption = None, json_output: JsonOption = False) -> None:
    """Show a run: its state and results, where its files are, and the commands that continue it.

    [bold]Examples[/bold]

      spacetime-rl runs show latest
    """
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.runs.read import find_record

    found = find_record(run, results or RESULTS)
    if json_output:
        about = found.to_dict() | {"places": places(found), "commands": dict(commands(found))}
        return print_json(about | {"config": found.config, "summary": found.summary})
    console = plain_console()
    for part in _parts(found):
        console.print(part, soft_wrap=True)
    return None


@app.command()
def compare(
    first: Annotated[
        str, typer.Argument(metavar="A", autocompletion=complete_run, help="A run, named as for `runs show`.")
    ],
    second: Annotated[str, typer.Argument(metavar="B", autocompletion=complete_run, help="Another one.")],
    results: ResultsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Compare two runs: the settings that differ, and how their policies did, with 95 % intervals.

    [bold]Examples[/bold]

      spacetime-rl runs compare slow fast

      spacetime-rl runs compare baseline latest --json
    """
    from spacetime_rl.console.plain import plain_console
    from spacetime_rl.runs.compare import compare as compare_runs
    from spacetime_rl.runs.read import find_record

    where = results or RESULTS
    found = compare_runs(find_record(first, where), find_record(second, where))
    if json_output:
        return print_json(found.to_dict())
    return _show_comparison(found, plain_console())


@app.command()
def remove(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", autocompletion=complete_run, help="Runs, named as for `runs show`.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    mlflow: Annotated[bool, typer.Option("--mlflow", help="Delete their records in MLflow, too.")] = False,
    results: ResultsOption = None,
) -> None:
    """Remove the folders of runs, with their checkpoints. Their records in MLflow stay, unless --mlflow is given.

    [bold]Examples[/bold]

      spacetime-rl runs remove slow fast --yes
    """
    from spacetime_rl.runs.read import find_record
    from spacetime_rl.runs.remove import check_removable
    from spacetime_rl.runs.remove import remove as remove_run

    found = [find_record(run, results or RESULTS) for run in runs]
    for run in found:
        check_removable(run)
    for run in found:
        size = sum(file.stat().st_size for file in run.folder.rglob("*") if file.is_file())
        question = f"Remove {run.run_id} ({run.status}, {run.agent_steps:,} agent steps, {size / 1e6:.0f} MB)?"
        if not yes and not typer.confirm(question):
            continue
        if mlflow:
            typer.echo(f"{run.run_id}: {_forget(run)} runs deleted in MLflow")
        remove_run(run)
        typer.echo(f"{run.run_id}: removed")


@app.command()
def record(
    run: _RunArgument,
    results: ResultsOption = None,
    tracking_uri: Annotated[
        str | None, typer.Option(metavar="URI", help="MLflow server or database; default: the run's own.")
    ] = None,
) -> None:
    """Record a run in MLflow from its folder: curves, policies, evaluation, pictures.

    For runs that MLflow has not recorded completely (its server was away, its database is gone), or for another MLflow.

    [bold]Examples[/bold]

      spacetime-rl runs record slow --tracking-uri http://tracking:5000
    """
    from spacetime_rl.runs.read import find_record
    from spacetime_rl.tracking.record_again import record as record_run

    found = find_record(run, results or RESULTS)
    typer.echo(f"{found.run_id}: recorded, {record_run(found, tracking_uri)}")


def table_of(runs: Sequence[Mapping[str, Any]]) -> Table:
    """A table of runs with a row each; `runs` are the results of `RunRecord.to_dict`."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("run", overflow="fold")
    for title in ("status", "scenario"):
        table.add_column(title, no_wrap=True)
    for title in ("steps", "success", "return"):
        table.add_column(title, no_wrap=True, justify="right")
    table.add_column("begun", no_wrap=True)
    for run in runs:
        rough = "" if run["evaluated"] else "~"
        table.add_row(
            run["run_id"] + (" (sweep)" if run["kind"] == "sweep" else ""),
            Text(run["status"], style=_STYLES.get(run["status"], "")),
            run["scenario"],
            _count(run["agent_steps"]),
            _percent(run["success_rate"], run["success_ci"], rough),
            _NONE if run["return_mean"] is None else f"{rough}{run['return_mean']:.4g}",
            _NONE if run["started"] is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(run["started"])),
        )
    return table


def places(run: RunRecord) -> dict[str, str]:
    """The paths of a run's files and folders that exist, by description."""
    known = {
        "folder": run.folder,
        "configuration": run.paths.config,
        "report": run.paths.summary_page,
        "policies": run.paths.onnx,
        "checkpoints": run.paths.tune,
        "best checkpoint": run.paths.best,
        "logs": run.paths.logs,
    }
    return {name: str(path) for name, path in known.items() if path.exists()}


def commands(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Yield what a user can do with a run, each with the command for it."""
    from spacetime_rl.formats.shell import program, short

    ours, name = program("spacetime-rl"), shlex.quote(run.run_id)
    usual = run.folder.parent == RESULTS.absolute()
    where = "" if usual else f" --results {shlex.quote(str(short(run.folder.parent)))}"
    if run.state is not None and run.state.resumable:
        yield "continue it", f"{ours} {'sweep' if run.kind == 'sweep' else 'train'} --resume {name}{where}"
    if any(schemas_in(run.paths.onnx)) or any(checkpoints_in(run.folder)):
        yield "watch its policies play", f"{ours} play {name}{where}"
        yield "evaluate them on other episodes", f"{ours} eval {name} --seed 1{where}"
        if run.paths.best.is_dir():
            yield "take the ONNX files of its best checkpoint", f"{ours} export {name} --best -o best{where}"
        yield "take the ONNX files", f"{ours} export {name} -o policies{where}"
    yield "open its page in MLflow", f"{ours} ui {name}{where}"


def _parts(run: RunRecord) -> Iterator[RenderableType]:
    from rich.text import Text

    about = run.to_dict()
    yield Text.assemble((run.run_id, "bold"), "  ", (run.status, _STYLES.get(run.status, "")))
    if about["message"]:
        yield Text(f"  {about['message']}")
    yield Text(f"  {run.kind} of {about['scenario'] or 'a game'}, {about['algorithm']}, {_spent(about)}")
    if run.reports:
        yield Text()
        yield _evaluation(run.reports)
    elif about["return_mean"] is not None:
        success = _percent(about["success_rate"], None, "")
        yield Text(f"  not evaluated; in training last: success {success}, return {about['return_mean']:.4g}")
    yield Text()
    yield from (Text.assemble((f"  {name:16}", "dim"), place) for name, place in places(run).items())
    if about["mlflow"]:
        yield Text.assemble((f"  {'MLflow':16}", "dim"), about["mlflow"])
    yield Text()
    for what, command in commands(run):
        yield Text(f"  # {what}", style="dim")
        yield Text(f"  {command}", style="bold")


def _evaluation(reports: Mapping[str, Mapping[str, Any]]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim", pad_edge=False)
    table.add_column("policy")
    for player in reports:
        table.add_column(player, justify="right")
    for policy in dict.fromkeys(policy for report in reports.values() for policy in report.get("policies", {})):
        found = [report.get("policies", {}).get(policy, {}) for report in reports.values()]
        if any(figures.get("success_rate") is not None for figures in found):
            rates = [_percent(figures.get("success_rate"), figures.get("success_ci"), "") for figures in found]
            table.add_row(f"{policy}: success", *rates)
        table.add_row(f"{policy}: return", *(_value(f.get("return_mean"), f.get("return_ci")) for f in found))
    return table


def _show_comparison(found: Comparison, console: Console) -> None:
    from rich.table import Table

    first, second = found.runs
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for title in ("setting", first.run_id, second.run_id):
        table.add_column(title, overflow="fold")
    for setting in found.settings:
        table.add_row(setting.name, *(_NONE if value is None else str(value) for value in setting.values))
    console.print(table if found.settings else "The settings are the same.")
    console.print()
    if not found.figures:
        missing = [run.run_id for run in found.runs if not run.reports]
        console.print(f"Not evaluated: {', '.join(missing)}; spacetime-rl eval plays their policies.")
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for title in ("policy", "", first.run_id, second.run_id, "difference", ""):
        table.add_column(title, justify="left" if title in ("policy", "") else "right")
    for before, figure in zip([None, *found.figures], found.figures, strict=False):
        table.add_row("" if before and before.policy == figure.policy else figure.policy, figure.name, *_cells(figure))
    console.print(table)
    same = "the same episodes" if found.same_episodes else "different episodes"
    console.print(f"Evaluated on {same}; 95 % intervals.")


def _cells(figure: Figure) -> list[str]:
    pairs = list(zip(figure.values, figure.intervals, strict=True))
    if figure.name == "success":
        cells = [_percent(value, interval, "") for value, interval in pairs]
        more = None if figure.more is None else 100 * figure.more
        bounds = None if figure.more_ci is None else tuple(100 * bound for bound in figure.more_ci)
    else:
        cells = [_value(value, interval) for value, interval in pairs]
        more, bounds = figure.more, figure.more_ci
    signed = (
        _NONE
        if more is None
        else f"{more:+.3g}" + ("" if bounds is None else f" ({bounds[0]:+.3g} to {bounds[1]:+.3g})")
    )
    verdict = {None: "", True: "differs", False: "may be chance"}[figure.differs]
    return [*cells, signed, verdict]


def _forget(run: RunRecord) -> int:
    from spacetime_rl.tracking.record_again import forget

    deleted = forget(run)
    if deleted is None:
        raise GateError(
            f"{run.run_id}: MLflow does not answer, so nothing is removed; leave --mlflow out to remove the folder"
        )
    return deleted


def _spent(about: Mapping[str, Any]) -> str:
    if about["started"] is None:
        return f"{about['agent_steps']:,} agent steps"
    begun = time.strftime("%Y-%m-%d %H:%M", time.localtime(about["started"]))
    return f"{about['agent_steps']:,} agent steps; begun {begun}"


def _count(steps: int) -> str:
    for size, unit in ((1_000_000, "M"), (1000, "k")):
        if steps >= size:
            return f"{steps / size:.3g} {unit}"
    return str(steps) if steps else _NONE


def _percent(rate: float | None, interval: Sequence[float] | None, rough: str) -> str:
    if rate is None:
        return _NONE
    bounds = "" if interval is None else f" ({100 * interval[0]:.0f}{_NONE}{100 * interval[1]:.0f})"
    return f"{rough}{rate:.0%}{bounds}"


def _value(value: float | None, interval: Sequence[float] | None) -> str:
    if value is None:
        return _NONE
    return f"{value:.4g}" + ("" if interval is None else f" ({interval[0]:.4g} to {interval[1]:.4g})")
