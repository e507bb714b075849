"""A sweep is told to stop: which trials that waits for."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.result import SHOULD_CHECKPOINT

from spacetime_rl.tuning.interrupt import Interrupt


@pytest.fixture
def told() -> Iterator[list[int]]:
    """The signals by which Tune was told to stop."""
    signals: list[int] = []
    before = signal.getsignal(signal.SIGUSR1)
    yield signals
    signal.signal(signal.SIGUSR1, before)


def trial(name: str, status: str = "RUNNING") -> Any:
    return SimpleNamespace(trial_id=name, status=status)


def begun(told: list[int], *trials: Any) -> Interrupt:
    """An interrupt that was asked for while these trials had reported."""
    interrupt = Interrupt()
    for each in trials:
        interrupt.on_trial_result(trial=each, result={})
    signal.signal(signal.SIGUSR1, lambda number, _: told.append(number))
    interrupt.request()
    return interrupt


def test_a_running_trial_is_saved_first(told: list[int]) -> None:
    running = trial("a")
    interrupt = begun(told, running)
    result: dict[str, Any] = {}

    interrupt.on_trial_result(trial=running, result=result)
    interrupt.on_step_end(trials=[running])

    assert result[SHOULD_CHECKPOINT] is True
    assert told == []
    interrupt.on_trial_save(trial=running)
    assert told == [signal.SIGUSR1]


@pytest.mark.parametrize("status", ["TERMINATED", "ERROR", "PAUSED"])
def test_a_trial_that_ended_or_was_paused_before_is_not_waited_for(told: list[int], status: str) -> None:
    over, running = trial("a", status), trial("b")
    interrupt = begun(told, over, running)
    interrupt.on_step_end(trials=[over, running])

    assert told == []
    interrupt.on_trial_save(trial=running)
    assert told == [signal.SIGUSR1]


def test_trials_that_have_not_begun_are_not_waited_for(told: list[int]) -> None:
    begun(told)

    assert told == [signal.SIGUSR1]
