"""What runs on the cluster: our own command, and then its result as a line that whoever submitted it looks for."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from spacetime_rl.jobs.names import RESULT

SUMMARY = Path("report", "summary.json")


def main() -> None:
    """`python -m spacetime_rl.cli.in_job FOLDER VERB ARGUMENT…`: FOLDER is the run's, for the result."""
    folder, *command = sys.argv[1:]
    sys.argv = ["spacetime-rl", *command]
    from spacetime_rl.cli.app import main as run

    try:
        run()
    except SystemExit as end:
        _tell(Path(folder).expanduser())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)  # nothing of ours is left to do; Ray's threads may hang
    _tell(Path(folder).expanduser())


def _tell(folder: Path) -> None:
    summary = folder / SUMMARY
    if summary.is_file():
        print(RESULT + json.dumps(json.loads(summary.read_text(encoding="utf-8"))), flush=True)


if __name__ == "__main__":
    main()
