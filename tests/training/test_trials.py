"""Why trials end, and whether they may go on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, RayActorError

from spacetime_rl.errors import ConfigError, RestartsExhausted
from spacetime_rl.training.trials import GiveUp, is_lost, reason


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


@pytest.mark.parametrize(
    ("error", "tries"),
    [(ConfigError(["game.env_path: no such file"]), 0), (RayActorError(), 3), (RestartsExhausted("x"), 3)],
)
def test_a_trial_whose_error_would_only_come_back_is_not_tried_for_ever(error: Exception, tries: int) -> None:
    trial = SimpleNamespace(get_pickled_error=lambda: error, max_failures=3)
    GiveUp().on_trial_recover(trial=trial, trials=[trial], iteration=1)
    assert trial.max_failures == tries
