"""What the tests of whole playtests share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from support.command import Done, run_command


@pytest.fixture
def command(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run `spacetime-rl` in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)
