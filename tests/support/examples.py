"""The example programs of the page on Gymnasium, run as a user runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "gymnasium"


def run_example(folder: Path, example: str, *words: str) -> str:
    """What an example prints to stdout; it runs in `folder`."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / example), *words],
        capture_output=True,
        text=True,
        timeout=600,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
