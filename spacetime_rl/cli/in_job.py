"""The entry point of a job on the cluster: run our command, then print its result as a line for the submitting side."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.jobs.names import RESULT
from spacetime_rl.runs.layout import RunPaths

_PRINTED = ("eval", "playtest")  # commands whose result is the JSON document that they print


def main() -> None:
    """`python -m spacetime_rl.cli.in_job FOLDER VERB ARGUMENT…`: FOLDER is the run's folder, which has the result."""
    folder, *command = sys.argv[1:]
    if command[0] in _PRINTED:
        code = _report(command)
    else:
        code = _run(command)
        _tell(Path(folder).expanduser())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # all work is done, and Ray's threads may hang at a normal exit


def _run(command: Sequence[str]) -> int:
    """Run a `spacetime-rl` command. Returns its exit code."""
    sys.argv = ["spacetime-rl", *command]
    from spacetime_rl.cli.app import main as run

    try:
        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _report(command: Sequence[str]) -> int:
    """Run a command whose result is the JSON document that it prints. Returns its exit code.

    A playtest that found something has done its work: the verdict is in its result.
    """
    from spacetime_rl.cli.jobs import report_lines

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = _run([*map(os.path.expanduser, command), "--json"])
    if code == 0 or (code == 1 and command[0] == "playtest"):
        code = 0
        report = json.loads(printed.getvalue())
        print("\n".join(report_lines(report)))
        print(RESULT + to_json(report), flush=True)
    return code


def _tell(folder: Path) -> None:
    summary = RunPaths(folder).summary
    if summary.is_file():
        print(RESULT + to_json(json.loads(summary.read_text(encoding="utf-8"))), flush=True)


if __name__ == "__main__":
    main()
