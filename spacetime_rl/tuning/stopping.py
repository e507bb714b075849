"""Ends a trial at the first of the configuration's stop criteria."""

from __future__ import annotations

import logging
from typing import Any

from ray.tune import Stopper

from spacetime_rl import metrics
from spacetime_rl.config import StopConfig
from spacetime_rl.learning.metrics import WINDOW_EPISODES
from spacetime_rl.notices import ONCE

_NO_SUCCESS = (
    "stop.success_rate: %g is never reached: after %d episodes the game has not reported any success; a stock game "
    "reports it by `is_success` in get_info(). Training ends at the other limits of stop"
)
_log = logging.getLogger(__name__)


class StopAt(Stopper):  # type: ignore[misc]
    """Ends a trial at the first criterion that it meets."""

    def __init__(self, stop: StopConfig) -> None:
        self._limits = {
            metrics.AGENT_STEPS: stop.agent_steps,
            metrics.ITERATION: stop.iterations,
            metrics.TIME_S: stop.time_s,
        }
        self._success_rate = stop.success_rate
        self._metrics = stop.metrics

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Whether the trial ends with this result."""
        del trial_id
        if any(limit is not None and result.get(name, 0) >= limit for name, limit in self._limits.items()):
            return True
        if result.get(metrics.LESSONS_LEFT):
            return False  # success in an easier lesson does not count
        found = metrics.Result(result)
        if found.episodes < WINDOW_EPISODES:
            return False  # the mean of a few episodes does not count
        figures = ((found.figure(name), least) for name, least in self._metrics.items())
        return self._succeeds(found) or any(figure is not None and figure >= least for figure, least in figures)

    def _succeeds(self, result: metrics.Result) -> bool:
        rate = result.figure(metrics.SCENARIO_SUCCESS)
        if self._success_rate is not None and rate is None:
            _log.warning(_NO_SUCCESS, self._success_rate, result.episodes, extra=ONCE)
        return self._success_rate is not None and rate is not None and rate >= self._success_rate

    def stop_all(self) -> bool:
        """Always False: trials end one by one."""
        return False
