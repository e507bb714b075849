"""Why trials end, and whether they may go on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, RayActorError

from spacetime_rl.errors import RestartsExhausted
from spacetime_rl.training.trials import is_lost, reason


def ended_by(error: Exception) -> Any:
    return SimpleNamespace(get_pickled_error=lambda: error)


@pytest.mark.parametrize("error", [RayActorError(), ActorDiedError()])
def test_a_process_that_is_gone_is_lost(error: Exception) -> None:
    assert is_lost(ended_by(error))


def test_one_that_failed_by_itself_is_not() -> None:
    assert not is_lost(ended_by(RestartsExhausted("too often")))
    assert not is_lost(ended_by(RayActorError(actor_init_failed=True)))
    assert reason(ended_by(RestartsExhausted("too often"))) == "too often"


def test_an_error_that_cannot_be_read_is_no_loss() -> None:
    def unreadable() -> Exception:
        raise EOFError("Ran out of input")

    trial: Any = SimpleNamespace(get_pickled_error=unreadable)
    assert not is_lost(trial)
    assert reason(trial).endswith("is the disk full?")
