"""A process that waits for another one says for what."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from spacetime_rl.host import locks
from spacetime_rl.host.locks import locked


def test_who_waits_says_for_what_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "_SAY_AFTER_S", 0.05)
    other = FileLock(tmp_path / "lock", thread_local=False)
    other.acquire()
    threading.Timer(0.5, other.release).start()

    with locked(tmp_path / "lock", "imports my_game"):
        pass

    assert f"waiting for another process that imports my_game; it holds {tmp_path}/lock" in caplog.text


def test_a_lock_that_is_free_is_taken_without_a_word(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        with locked(tmp_path / "lock", "imports my_game"):
            pass

    assert not caplog.text
