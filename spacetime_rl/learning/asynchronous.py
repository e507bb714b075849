"""Sampling that never pauses: runners keep playing while the learner learns."""

from __future__ import annotations

import time

from spacetime_rl.learning.algorithm import PLAY, REVIVE_TIMEOUT_S, SpacetimeAlgorithm, check_played
from spacetime_rl.rollout.directive import Played

AHEAD = 2  # requests queued at a runner, so that it begins the next fragment as soon as it has delivered one
_PATIENCE_S = 0.02  # longest wait for all runners, in seconds, before the ready ones are used


class AsynchronousAlgorithm(SpacetimeAlgorithm):
    """Learns from fragments as they arrive. They were played with weights up to a few updates old."""

    def _play_fragments(self, agent_steps: int) -> list[Played]:
        """The fragments that are ready, at least one."""
        runners = self.env_runner_group
        if not runners.num_remote_env_runners():
            return super()._play_fragments(agent_steps)
        deadline = time.monotonic() + REVIVE_TIMEOUT_S
        while True:
            self._ask()
            ready = runners.fetch_ready_async_reqs(tags=PLAY, timeout_seconds=_PATIENCE_S)
            if ready:
                self._ask()  # before the learner starts, so that runners stay busy
                return check_played([played for _, played in ready])
            if not runners.num_healthy_remote_workers():
                self.revive_runners(deadline)

    def _ask(self) -> None:
        """Queue requests at every runner up to the limit of `AHEAD`."""
        for _ in range(AHEAD):  # RLlib skips runners that have reached the limit
            self.ask_runners()
