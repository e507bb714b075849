"""When a trial ends: the configuration's stop criteria, whichever comes first."""

from __future__ import annotations

from typing import Any

from ray.tune import Stopper

from spacetime_rl.config import StopConfig
from spacetime_rl.training.callbacks import WINDOW_EPISODES
from spacetime_rl.training.curriculum import LESSONS_LEFT


class StopAt(Stopper):  # type: ignore[misc]
    """Ends a trial at the first criterion it meets."""

    def __init__(self, stop: StopConfig) -> None:
        self._limits = {
            "agent_steps": stop.agent_steps,
            "training_iteration": stop.iterations,
            "time_total_s": stop.time_s,
        }
        self._success_rate = stop.success_rate

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Whether this result is the trial's last."""
        del trial_id
        if any(limit is not None and result.get(name, 0) >= limit for name, limit in self._limits.items()):
            return True
        if result.get(LESSONS_LEFT):
            return False  # an easier task says nothing
        # A few lucky episodes are no success rate.
        rated = self._success_rate is not None and result.get("episodes", 0) >= WINDOW_EPISODES
        return rated and result.get("scenario/success_rate", 0.0) >= self._success_rate

    def stop_all(self) -> bool:
        """Trials end one by one."""
        return False
