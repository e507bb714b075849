"""Run a program that ends by itself, such as an import or a compiler, and quote what it said."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_TAIL = 20  # lines


def run_program(
    command: Sequence[str | Path], timeout_s: float, *, folder: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, in `folder`; its `stdout` has its errors, too. Raises OSError and TimeoutExpired."""
    return subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=timeout_s,
        env=env,
        check=False,
    )


def quote_tail(output: str) -> str:
    """The last lines of an output, indented."""
    return _quote(output.splitlines()[-_TAIL:])


def quote_errors(output: str) -> str:
    """The errors in the output of the engine, or its last lines if there are none, as indented lines."""
    lines = output.splitlines()
    return _quote([line for line in lines if "ERROR" in line][:_TAIL] or lines[-_TAIL:])


def _quote(lines: Sequence[str]) -> str:
    return "\n".join(f"  | {line}" for line in lines)
