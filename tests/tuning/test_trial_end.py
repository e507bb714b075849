"""Why trials end, and whether they may go on."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import ActorDiedError, RayActorError

from spacetime_rl.config import StopConfig
from spacetime_rl.errors import ConfigError, RestartsExhausted, SpacetimeError, TrialLost
from spacetime_rl.tuning.trial_end import GiveUp, TrialEnd, describe_end


def ended_by(error: Exception) -> Any:
    return made(status="ERROR", get_pickled_error=lambda: error)


def made(**changes: Any) -> Any:
    """One of Tune's trials."""
    trial: dict[str, Any] = {
        "trial_id": "t_00000",
        "config": {},
        "checkpoint": None,
        "last_result": {},
        "status": "TERMINATED",
    }
    return SimpleNamespace(**{**trial, **changes})


def end_of(trial: Any, **stop: Any) -> TrialEnd:
    return describe_end(trial, StopConfig(**stop), [])


def error_of(trial: Any) -> SpacetimeError | None:
    return end_of(trial).error


@pytest.mark.parametrize("error", [RayActorError(), ActorDiedError()])
def test_a_process_that_is_gone_is_lost(error: Exception) -> None:
    assert isinstance(error_of(ended_by(error)), TrialLost)


def test_one_that_failed_by_itself_is_not() -> None:
    assert not isinstance(error_of(ended_by(RayActorError(actor_init_failed=True))), TrialLost)
    failed = end_of(ended_by(RestartsExhausted("too often")))
    assert isinstance(failed.error, RestartsExhausted)
    assert (failed.status, failed.reason, failed.done) == ("failed", "too often", False)


def test_an_error_that_cannot_be_read_is_no_loss() -> None:
    def unreadable() -> Exception:
        raise EOFError("Ran out of input")

    found = error_of(made(status="ERROR", get_pickled_error=unreadable))
    assert not isinstance(found, TrialLost)
    assert str(found).endswith("is the disk full?")


def test_a_trial_ends_at_its_stop_criterion_by_the_scheduler_or_by_the_user() -> None:
    result = {"agent_steps": 100, "done": True}
    assert end_of(made(last_result=result), agent_steps=100).status == "finished"
    assert end_of(made(last_result=result), agent_steps=200).status == "stopped early"
    assert end_of(made(last_result={**result, "done": False}), agent_steps=200).status == "interrupted"


def test_a_trial_whose_gradient_steps_were_all_left_out_has_failed() -> None:
    result = {"agent_steps": 9, "done": True, "health/gradient_steps": 5, "health/gradient_steps_left_out": 5}
    end = end_of(made(last_result=result), agent_steps=9)
    assert end.status == "failed"
    assert "in the whole run" in end.reason


@pytest.mark.parametrize(
    ("error", "tries"),
    [(ConfigError(["game.env_path: no such file"]), 0), (RayActorError(), 3), (RestartsExhausted("x"), 3)],
)
def test_a_trial_whose_error_would_only_come_back_is_not_tried_for_ever(error: Exception, tries: int) -> None:
    trial = SimpleNamespace(get_pickled_error=lambda: error, max_failures=3)
    GiveUp().on_trial_recover(trial=trial, trials=[trial], iteration=1)
    assert trial.max_failures == tries
