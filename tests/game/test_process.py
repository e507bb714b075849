"""A process we start never outlives us, however we end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from spacetime_rl.errors import LaunchError
from spacetime_rl.game.process import GameProcess

Survivors = Callable[[], list[psutil.Process]]
SLEEP = ["/bin/sleep", "600"]


def test_killing_ends_the_whole_group_and_removes_its_folder(survivors: Survivors, tmp_path: Path) -> None:
    script = tmp_path / "game.sh"
    script.write_text("#!/bin/sh\necho $XDG_DATA_HOME\nsleep 600 &\nsleep 600\n")
    script.chmod(0o755)
    process = GameProcess([str(script)], name="game", log_dir=tmp_path)
    _wait_until(lambda: len(survivors()) == 3)
    user_dir = Path((tmp_path / "game.godot.log").read_text().strip())
    assert user_dir.is_dir()
    process.kill()
    process.kill()
    _wait_until(lambda: survivors() == [])
    assert not user_dir.exists()


def test_a_game_outlives_the_thread_that_opened_it() -> None:
    opened: list[GameProcess] = []
    thread = threading.Thread(target=lambda: opened.append(GameProcess(SLEEP, name="game")))
    thread.start()
    thread.join()
    with opened[0] as process:
        assert not process.wait(0.3)


@pytest.mark.parametrize("state", ["running", "stopped"])
def test_a_game_dies_with_its_parent_even_if_that_is_killed(survivors: Survivors, state: str) -> None:
    parent = _python(
        f"""
        process = GameProcess({SLEEP!r}, name="game")
        print(process.pid, flush=True)
        time.sleep(600)
        """
    )
    assert parent.stdout is not None
    game = psutil.Process(int(parent.stdout.readline()))
    _wait_until(lambda: game.cmdline() == SLEEP)
    if state == "stopped":
        game.suspend()
    parent.kill()
    parent.wait()
    game.wait(timeout=2)
    assert survivors() == []


def test_the_folder_of_a_killed_parent_is_swept_by_the_next_game(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    parent = _python(f'process = GameProcess({SLEEP!r}, name="game"); print("started", flush=True); time.sleep(600)')
    assert parent.stdout is not None
    parent.stdout.readline()
    with GameProcess(SLEEP, name="game"):
        assert len(list(tmp_path.iterdir())) == 2  # that one's game still lives
        parent.kill()
        parent.wait()
        _wait_until(lambda: _sweeps_down_to(tmp_path, 1))


def test_the_log_of_a_game_that_ended_stays_until_it_is_read(tmp_path: Path) -> None:
    script = tmp_path / "game.sh"
    script.write_text("#!/bin/sh\necho what happened\nexit 7\n")
    script.chmod(0o755)
    with GameProcess([str(script)], name="game") as process:
        assert process.wait(10.0)
        with GameProcess(SLEEP, name="other"):  # sweeps the folders that nobody holds
            assert "what happened" in process.log_tail()


def test_a_program_that_exits_without_closing_its_games_leaves_none(survivors: Survivors) -> None:
    parent = _python(f'process = GameProcess({SLEEP!r}, name="game")')
    assert parent.wait() == 0
    _wait_until(lambda: survivors() == [])


def test_a_forked_child_does_not_end_its_parents_games() -> None:
    with GameProcess(SLEEP, name="game") as process:
        child = os.fork()
        if child == 0:
            process.kill()
            os._exit(0)
        os.waitpid(child, 0)
        assert not process.wait(0.2)


def test_the_end_of_a_process_is_told_in_words(tmp_path: Path) -> None:
    with GameProcess(["/bin/sh", "-c", "echo SPACETIME-ERROR: no floor; exit 70"], name="game") as process:
        assert process.ending() == "exit code 70: script error; SPACETIME-ERROR: no floor"
        assert process.log_tail() == "  | SPACETIME-ERROR: no floor"
    with GameProcess(SLEEP, name="game") as process:
        os.kill(process.pid, signal.SIGTERM)
        assert process.ending() == "killed by SIGTERM"


def test_a_log_that_cannot_be_written_is_a_launch_error(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    with pytest.raises(LaunchError, match="cannot start /bin/sleep"):
        GameProcess(SLEEP, name="game", log_dir=tmp_path / "logs")


def _sweeps_down_to(folder: Path, count: int) -> bool:
    with GameProcess(["/bin/true"], name="sweep"):
        return len(list(folder.iterdir())) == count + 1


def _python(code: str) -> subprocess.Popen[str]:
    preamble = "import time\nfrom spacetime_rl.game.process import GameProcess\n"
    return subprocess.Popen([sys.executable, "-c", preamble + textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)


def _wait_until(condition: Callable[[], bool], timeout_s: float = 5.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
