"""`spacetime-rl jobs`: list, watch and stop submitted jobs, and show their results."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacetime_rl.cli.common import JsonOption, print_json
from spacetime_rl.errors import GateError, UsageError

if TYPE_CHECKING:
    from spacetime_rl.jobs.job import Job

app = typer.Typer(help="Watch and stop jobs on a Ray cluster, and fetch their results.", no_args_is_help=True)

AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The head's dashboard, as http://head:8265; default: $RAY_API_SERVER_ADDRESS, or this machine.",
    ),
]
_JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Its id, as `submit` and `jobs list` show it.")]


@app.command("list")
def list_(address: AddressOption = None, json_output: JsonOption = False) -> None:
    """Show the jobs on a cluster, the newest first.

    [bold]Examples[/bold]

      spacetime-rl jobs list --address http://head:8265
    """
    from spacetime_rl.jobs.job import find_jobs

    jobs = find_jobs(address)
    if json_output:
        return print_json(jobs)
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for title in ("job", "kind", "status", "started", "took"):
        table.add_column(title, no_wrap=True)
    for job in jobs:
        table.add_row(*_row(job))
    return plain_console().print(table if jobs else "No jobs; submit one: spacetime-rl submit train vr_interaction")


@app.command()
def status(job: _JobArgument, address: AddressOption = None, json_output: JsonOption = False) -> None:
    """Show the status of a job.

    [bold]Examples[/bold]

      spacetime-rl jobs status vr_interaction-20270101-120000
    """
    found = _find(job, address).describe()
    if json_output:
        return print_json(found)
    typer.echo("  ".join(_row(found)))
    return typer.echo(found["message"]) if found["message"] else None


@app.command()
def logs(
    job: _JobArgument,
    address: AddressOption = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Continue until the job ends.")] = False,
) -> None:
    """Print the output of a job.

    [bold]Examples[/bold]

      spacetime-rl jobs logs vr_interaction-20270101-120000 --follow
    """
    show_logs(_find(job, address), follow)


@app.command()
def stop(job: _JobArgument, address: AddressOption = None) -> None:
    """Stop a job as Ctrl-C would: it saves first, and `submit … --resume` continues it.

    [bold]Examples[/bold]

      spacetime-rl jobs stop vr_interaction-20270101-120000
    """
    found = _find(job, address)
    if not found.cancel():
        raise UsageError(f"{job}: has ended already: {found.status()}")
    typer.echo(f"{job}: asked to stop; `spacetime-rl jobs status {job}` shows when it has")


@app.command()
def results(
    job: _JobArgument,
    address: AddressOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the job ends.")] = False,
    json_output: JsonOption = False,
) -> None:
    """Show the result of a job: success beside the scripted and the random policy, and where its policies are.

    [bold]Examples[/bold]

      spacetime-rl jobs results vr_interaction-20270101-120000 --wait --json
    """
    found = _find(job, address)
    try:
        result = found.result(None if wait else 0.0)
    except TimeoutError:
        raise GateError(f"{job}: is still {found.status()}; --wait waits for its end") from None
    except CancelledError as error:
        raise GateError(str(error)) from None
    if json_output:
        return print_json(result)
    if "run_id" not in result:
        return typer.echo("\n".join(report_lines(result)))
    typer.echo(f"{result['run_id']}: trained for {result['agent_steps']:,} agent steps")
    for source, report in result["evaluation"].items():
        rates = [f"{name} {_rate(figures)}" for name, figures in report["policies"].items()]
        typer.echo(f"  {source:<10} {'  '.join(rates)}")
    for name, files in result["policies"].items():
        typer.echo(f"  {name}: {files['onnx']}")
    return typer.echo(f"  MLflow: {result['mlflow']['url']}")


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """The results of an evaluation or a playtest as lines of text, from its JSON document."""
    if "findings" in report:
        found = report["findings"]
        verdict = "failed: something new is broken" if report["failed"] else "nothing new is broken"
        lines = [f"{one['sighting']['severity']} {one['name']}: {one['sighting']['message']}" for one in found]
        return [f"{report['game']}: {report['episodes']} episodes, {verdict}", *(f"  {line}" for line in lines)]
    head = f"{report['source']} on {report['scenario']}: {report['episodes']} episodes, seed {report['seed']}"
    return [head, *(f"  {name}: {_rate(figures)}" for name, figures in report["policies"].items())]


def show_logs(job: Job, follow: bool) -> None:
    """Print a job's output. With `follow`, print it until the job ends, and raise GateError if the job failed."""
    from spacetime_rl.jobs.names import SETTING_UP, is_for_users

    if not follow:
        return typer.echo("\n".join(filter(is_for_users, job.logs().splitlines())))
    said = False
    try:
        for chunk in job.follow():
            for line in chunk.splitlines():
                if is_for_users(line):
                    typer.echo(line)
                    said = said or SETTING_UP not in line
    except KeyboardInterrupt:
        name = shlex.quote(job.id)
        typer.echo(
            f"{job.id} goes on. To see it again: spacetime-rl jobs logs {name} --follow; to end it: spacetime-rl jobs "
            f"stop {name}",
            err=True,
        )
        raise
    if job.status() == "failed":
        # A job that never began has no output: its node could not be prepared. The error message is then shown instead.
        raise GateError(f"{job.id} failed" if said else str(job.exception()))
    return None


def _find(job: str, address: str | None) -> Job:
    from spacetime_rl.jobs.job import Job

    return Job.find(job, address)


def _row(job: Mapping[str, Any]) -> list[str]:
    started = "" if job["started"] is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(job["started"]))
    took = "" if job["duration_s"] is None else f"{job['duration_s'] / 60:.1f} min"
    return [job["id"], job["kind"], job["status"], started, took]


def _rate(figures: Mapping[str, Any]) -> str:
    rate = figures.get("success_rate")
    if rate is not None:
        return f"{rate:.1%}"
    value = figures["return_mean"]
    return "no episode finished" if value is None else f"return {value:.2f}"
