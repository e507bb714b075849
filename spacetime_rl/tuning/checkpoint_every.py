"""Saves checkpoints by agent steps instead of iterations."""

from __future__ import annotations

from typing import Any

from ray.tune import Callback
from ray.tune.result import SHOULD_CHECKPOINT

from spacetime_rl import metrics


class CheckpointEvery(Callback):  # type: ignore[misc]  # ray has no types
    """Has Tune save a checkpoint whenever a trial has passed a further multiple of `agent_steps`."""

    def __init__(self, agent_steps: int) -> None:
        self._every = agent_steps

    def on_trial_result(self, trial: Any, result: dict[str, Any], **_: Any) -> None:
        """Mark the result if a checkpoint is due; Tune reads the mark and saves."""
        saved = trial.latest_checkpoint_result
        steps_then = metrics.Result(saved.metrics).agent_steps if saved else 0
        if metrics.Result(result).agent_steps // self._every > steps_then // self._every:
            result[SHOULD_CHECKPOINT] = True  # and never False: another callback may ask for one
