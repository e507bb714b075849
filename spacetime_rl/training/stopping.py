"""When a trial ends: the configuration's stop criteria, whichever comes first."""

from __future__ import annotations

import logging
from typing import Any

from ray.tune import Stopper

from spacetime_rl.config import StopConfig
from spacetime_rl.notices import ONCE
from spacetime_rl.training.callbacks import WINDOW_EPISODES
from spacetime_rl.training.curriculum import LESSONS_LEFT

_RATE = "scenario/success_rate"
_NO_SUCCESS = (
    "stop.success_rate: %g is never reached: after %d episodes the game has not reported any success; a stock game "
    "reports it by `is_success` in get_info(). Training ends at the other limits of stop"
)
_log = logging.getLogger(__name__)


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
        if self._success_rate is None or result.get("episodes", 0) < WINDOW_EPISODES:
            return False
        found = result.get(_RATE)
        if found is None:
            _log.warning(_NO_SUCCESS, self._success_rate, result["episodes"], extra=ONCE)
            return False
        return bool(found >= self._success_rate)

    def stop_all(self) -> bool:
        """Trials end one by one."""
        return False
