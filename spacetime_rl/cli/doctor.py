"""`spacetime-rl doctor`: check whether this machine, or a cluster, is ready to train."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacetime_rl.cli.common import JsonOption, print_json, refuse_given
from spacetime_rl.cli.jobs import AddressOption
from spacetime_rl.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from spacetime_rl.doctor.check import Outcome


def doctor(
    context: typer.Context,
    cluster: Annotated[bool, typer.Option("--cluster", help="Check every node of a Ray cluster instead.")] = False,
    address: AddressOption = None,
    results: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="With --cluster: folder of the results; every node must see the same one."),
    ] = None,
    install: Annotated[
        bool,
        typer.Option("--install", help="With --cluster: install the dependencies, as `submit --install` does."),
    ] = False,
    hashes: Annotated[
        bool, typer.Option("--hash", help="Play fixed episodes and compare their hashes with the published ones.")
    ] = False,
    json_output: JsonOption = False,
) -> None:
    """Check this machine from Python to Ray, each failure with its remedy. Takes less than a minute.

    With --cluster, check every node, and whether all of them have the same versions and share the results.
    The exit code is 1 where a check failed.

    [bold]Examples[/bold]
    $ spacetime-rl doctor
    $ spacetime-rl doctor --hash
    $ spacetime-rl doctor --cluster --address http://head:8265 --results /shared/results
    """
    from spacetime_rl.console.plain import plain_console

    # The console keeps the stream itself: a check may redirect sys.stdout for a while.
    console = plain_console(file=sys.stderr if json_output else sys.stdout)
    if not cluster:
        refuse_given(context, "doctor", "about a cluster; add --cluster", "address", "results", "install")
    elif hashes:
        raise UsageError("doctor: --hash is about this machine, --cluster about others; leave one of them out")
    if hashes:
        document, failed = _compare_hashes(console)
    elif cluster:
        document, failed = _examine_cluster(console, address, results, install)
    else:
        document, failed = _examine_machine(console)
    if json_output:
        print_json(document)
    elif not hashes:
        console.print(f"Not ready: {', '.join(failed)} failed." if failed else "Ready to train.")
    if failed:
        raise typer.Exit(1)


def _examine_machine(console: Console) -> tuple[dict[str, Any], list[str]]:
    from spacetime_rl.doctor.checks import CHECKS
    from spacetime_rl.doctor.examine import examine

    running = {check.name for check in CHECKS}
    with console.status("") as status:

        def said(outcome: Outcome) -> None:
            running.discard(outcome.name)
            status.update(f"checking {', '.join(check.name for check in CHECKS if check.name in running)}")
            _show(console, outcome.to_dict())

        outcomes = examine(CHECKS, said)
    failed = [outcome.name for outcome in outcomes if not outcome.ok]
    return {"ok": not failed, "checks": [outcome.to_dict() for outcome in outcomes]}, failed


def _compare_hashes(console: Console) -> tuple[dict[str, Any], list[str]]:
    """Compare episode hashes. Only a differing hash is a failure, not one without a published hash to compare."""
    from dataclasses import asdict

    from spacetime_rl.doctor.determinism import SCENARIOS, compare, measure_hash, published

    found: list[dict[str, Any]] = []
    for scenario in SCENARIOS:
        measured = measure_hash(scenario)
        standing = compare(measured, published())
        found.append(asdict(measured) | {"standing": standing})
        if len(found) == 1:
            console.print(f"Godot {measured.engine}, {measured.architecture}")
        console.print(f"{scenario}: {measured.sha256[:16]}, {standing}")
    failed = [entry["scenario"] for entry in found if entry["standing"] == "differs"]
    return {"ok": not failed, "hashes": found}, failed


def _examine_cluster(
    console: Console, address: str | None, results: str | None, install: bool
) -> tuple[dict[str, Any], list[str]]:
    from rich.text import Text

    from spacetime_rl.jobs.submit import CLUSTER_RESULTS, examine_cluster

    with console.status("examining every node"):
        nodes = examine_cluster(address, results or CLUSTER_RESULTS, install).result()["nodes"]
    failed = []
    for node in nodes:
        console.print(Text.assemble((node["node"], "bold"), f": {node['cpus']:g} CPUs, {node['gpus']:g} GPUs"))
        for check in node["checks"]:
            _show(console, check)
            failed += [] if check["ok"] else [f"{check['name']} on {node['node']}"]
    return {"ok": not failed, "nodes": nodes}, failed


def _show(console: Console, outcome: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 2, 0, 0))
    for width in (4, 10, 6, None):
        row.add_column(width=width, overflow="fold")
    mark = Text("ok", "green") if outcome["ok"] else Text("FAIL", "red")
    row.add_row(mark, outcome["name"], Text(f"{outcome['seconds']:.1f} s", justify="right"), Text(outcome["detail"]))
    console.print(row)
