"""Run `spacetime-rl`, in a process of its own or in this one as its console script does."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from spacetime_rl.cli.app import main

PROGRAM = (sys.executable, "-m", "spacetime_rl")  # for a process of its own


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def run_command(*arguments: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Done:
    """Run it with these arguments."""
    capsys.readouterr()
    monkeypatch.setattr(sys, "argv", ["spacetime-rl", *arguments])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    out, err = capsys.readouterr()
    return Done(code, out, err)
