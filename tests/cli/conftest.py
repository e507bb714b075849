"""A user's folder with an earlier run in it, and commands that fail there without doing harm."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from support.command import PROGRAM
from support.failing import Failure, Run, contents, read_failure, settings
from support.leftovers import MARK, marked_with

from spacetime_rl.config import load
from spacetime_rl.runs.folder import RunFolder


@pytest.fixture
def earlier(tmp_path: Path) -> RunFolder:
    """The run `earlier` in the folder `results`; it was interrupted."""
    folder = RunFolder.create(load("vr_interaction", [f"results={tmp_path / 'results'}"]), "earlier")
    folder.set_status("interrupted")
    folder.release()
    return folder


@pytest.fixture
def fails(tmp_path: Path, earlier: RunFolder) -> Iterator[Run]:
    """Run a command that fails; by the end of the test it has left no process and no run, and `earlier` as it was."""
    mark = uuid.uuid4().hex
    before = contents(earlier.path.parent)

    def run(*arguments: str, through: Sequence[str] = (), **environment: str) -> Failure:
        env = {**os.environ, MARK: mark, **environment}
        command = [*through, *PROGRAM, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=tmp_path, env=env, check=False)
        return read_failure(done)

    yield run
    _, alive = psutil.wait_procs(marked_with(mark), timeout=10)
    assert alive == []
    assert contents(earlier.path.parent) == before


@pytest.fixture
def ray_settings() -> list[str]:
    """Options of the smallest training there is; it starts a Ray of its own."""
    return settings(
        rollout__runners=1,
        model__hiddens="[8]",
        training__train_batch_size=100,
        training__minibatch_size=50,
        training__num_epochs=1,
        stop__iterations=2,
    )
