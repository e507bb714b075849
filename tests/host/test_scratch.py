"""Temporary folders are removed when their user is gone, however it went."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from spacetime_rl.host.scratch import make_scratch, scratch_folder

LEFT_BEHIND = """
import os, signal, sys
from pathlib import Path
from spacetime_rl.host.scratch import scratch_folder
with scratch_folder("eval", Path(sys.argv[1])) as folder:
    (folder / "big").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_folder_lasts_as_long_as_its_use(tmp_path: Path) -> None:
    with scratch_folder("eval", tmp_path) as folder:
        (folder / "file").write_text("x")
        assert folder.parent.name.startswith("spacetime-rl-eval-")

    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed_and_what_is_used_stays(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEFT_BEHIND, str(tmp_path)], check=False, timeout=60)
    assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / "spacetime-rl-of-something-else").mkdir()
    long_ago = tmp_path / "spacetime-rl-new-never-finished"
    long_ago.mkdir()
    os.utime(long_ago, (time.time() - 7200,) * 2)

    with scratch_folder("play", tmp_path) as used:
        make_scratch("eval", tmp_path)

        assert used.is_dir()
        names = {path.name.rpartition("-")[0] for path in tmp_path.iterdir()}
        assert names == {"spacetime-rl-play", "spacetime-rl-eval", "spacetime-rl-of-something"}


def test_a_folder_that_is_just_being_made_is_spared(tmp_path: Path) -> None:
    (tmp_path / "spacetime-rl-new-abc").mkdir()
    (tmp_path / "spacetime-rl-new-abc" / ".lock").touch()  # not held yet
    with scratch_folder("test", tmp_path):
        assert (tmp_path / "spacetime-rl-new-abc").is_dir()
