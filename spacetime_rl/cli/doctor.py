"""`spacetime-rl doctor`: is this machine ready to train?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from spacetime_rl.cli.common import JsonOption, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from spacetime_rl.doctor.check import Outcome


def doctor(json_output: JsonOption = False) -> None:
    """Check this machine from Python to Ray, each failure with its remedy. Takes less than a minute.

    Ends with exit code 1 where a check failed.
    """
    from rich.console import Console

    from spacetime_rl.doctor.checks import CHECKS
    from spacetime_rl.doctor.examine import examine

    # Its own handle on the stream: a check may silence sys.stdout for a while.
    console = Console(file=sys.stderr if json_output else sys.stdout)
    running = {check.name for check in CHECKS}
    with console.status("") as status:

        def said(outcome: Outcome) -> None:
            running.discard(outcome.name)
            status.update(f"checking {', '.join(check.name for check in CHECKS if check.name in running)}")
            _show(console, outcome)

        outcomes = examine(CHECKS, said)
    ok = all(outcome.ok for outcome in outcomes)
    if json_output:
        print_json({"ok": ok, "checks": [outcome.to_dict() for outcome in outcomes]})
    else:
        failed = [outcome.name for outcome in outcomes if not outcome.ok]
        console.print("Ready to train." if ok else f"Not ready: {', '.join(failed)} failed.")
    if not ok:
        raise typer.Exit(1)


def _show(console: Console, outcome: Outcome) -> None:
    from rich.table import Table
    from rich.text import Text

    row = Table.grid(padding=(0, 2, 0, 0))
    for width in (4, 10, 6, None):
        row.add_column(width=width, overflow="fold")
    mark = Text("ok", "green") if outcome.ok else Text("FAIL", "red")
    row.add_row(mark, outcome.name, Text(f"{outcome.seconds:.1f} s", justify="right"), Text(outcome.detail))
    console.print(row)
