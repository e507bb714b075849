"""The worker threads of a game stand back; its main thread, and a process without workers, stay as they are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.workers import use_batch_scheduling


def test_the_workers_of_a_game_are_batch_threads_and_its_main_thread_is_not(touch: Callable[..., GameLaunch]) -> None:
    with open_game(touch()) as game:
        policies = {
            (task / "comm").read_text().strip(): os.sched_getscheduler(int(task.name))
            for task in Path(f"/proc/{game.pid}/task").iterdir()
        }
        assert policies["WorkerThread 0"] == os.SCHED_BATCH
        assert os.sched_getscheduler(game.pid) == os.SCHED_OTHER


def test_a_process_that_has_ended_has_no_workers() -> None:
    use_batch_scheduling(2**22 + 1)  # over the largest process number there is
