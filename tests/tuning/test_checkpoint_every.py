"""Checkpoints by agent steps rather than iterations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.result import SHOULD_CHECKPOINT

from spacetime_rl.tuning.checkpoint_every import CheckpointEvery


@pytest.mark.parametrize(
    ("saved_at", "now", "due"),
    [(None, 1500, False), (None, 2000, True), (2500, 3999, False), (2500, 4000, True), (1500, 6500, True)],
)
def test_a_checkpoint_is_due_when_another_multiple_is_passed(saved_at: int | None, now: int, due: bool) -> None:
    saved = SimpleNamespace(metrics={"agent_steps": saved_at}) if saved_at is not None else None
    result: dict[str, Any] = {"agent_steps": now}
    CheckpointEvery(2000).on_trial_result(SimpleNamespace(latest_checkpoint_result=saved), result)
    assert result.get(SHOULD_CHECKPOINT, False) is due


def test_a_checkpoint_that_another_callback_asked_for_stays_asked_for() -> None:
    result: dict[str, Any] = {"agent_steps": 1, SHOULD_CHECKPOINT: True}
    CheckpointEvery(2000).on_trial_result(SimpleNamespace(latest_checkpoint_result=None), result)
    assert result[SHOULD_CHECKPOINT] is True
