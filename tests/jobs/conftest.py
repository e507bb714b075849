"""What tests of submitted jobs share: our commands, asked of the module's own cluster."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.cluster import LocalCluster
from support.command import PROGRAM
from support.touch_run import RUN


@pytest.fixture
def command(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `spacetime-rl` in a folder with `run.yaml`, against the module's `cluster`."""
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", cluster.address)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    (tmp_path / "run.yaml").write_text(yaml.safe_dump(RUN))

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*PROGRAM, *words], cwd=tmp_path, capture_output=True, text=True)

    return run
