"""How a run is shown to stand: by its state.json where its process lives, as died where that is gone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.runs.folder import RunFolder
from spacetime_rl.runs.state import read_state

BEGIN = """
import os, signal, sys
from pathlib import Path
from spacetime_rl.config import RunConfig
from spacetime_rl.runs.folder import RunFolder
config = RunConfig.model_validate({"name": "x", "scenario": {"name": "fake"}, "results": Path(sys.argv[1])})
folder = RunFolder.create(config, "one")
folder.keep()
folder.set_status("training")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def config(tmp_path: Path) -> RunConfig:
    return RunConfig.model_validate({"name": "x", "scenario": {"name": "fake"}, "results": tmp_path})


def killed_run(results: Path) -> Path:
    """The folder of a run whose process was killed while it trained."""
    done = subprocess.run([sys.executable, "-c", BEGIN, str(results)], capture_output=True, text=True, timeout=120)
    assert done.returncode == -9, done.stderr
    return results / "one"


def test_a_run_whose_process_lives_is_shown_as_it_says(config: RunConfig) -> None:
    folder = RunFolder.create(config, "one")
    folder.set_status("training")

    found = read_state(folder.path)

    assert found is not None
    assert (found.status, found.is_over, found.resumable) == ("training", False, False)


def test_a_run_whose_process_was_killed_is_shown_as_died_and_may_be_resumed(tmp_path: Path) -> None:
    folder = killed_run(tmp_path)

    found = read_state(folder)

    assert found is not None
    assert (found.status, found.is_over, found.resumable) == ("died", True, True)
    assert found.message.startswith(f"process {found.pid} ended without a word while the run was training")
    RunFolder.reopen("one", tmp_path).release()


@pytest.mark.parametrize("status", ["finished", "interrupted", "failed"])
def test_a_run_that_came_to_an_end_is_shown_as_it_ended(config: RunConfig, status: Any) -> None:
    folder = RunFolder.create(config, "one")
    folder.set_status(status, "why")
    folder.release()

    found = read_state(folder.path)

    assert found is not None
    assert (found.status, found.message) == (status, "why")


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"status": 1}'])
def test_a_folder_without_a_readable_state_has_none(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "state.json").write_text(text)

    assert read_state(tmp_path) is None
