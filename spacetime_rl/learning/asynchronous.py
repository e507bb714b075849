"""Sampling that never stops: runners play on while the learner learns."""

from __future__ import annotations

import time

from spacetime_rl.learning.algorithm import PLAY, REVIVE_TIMEOUT_S, SpacetimeAlgorithm, check_played
from spacetime_rl.rollout.directive import Played

AHEAD = 2  # fragments asked of a runner at a time, so that it begins another as soon as it has handed one over
_PATIENCE_S = 0.02  # longest wait for all runners before looking whether one is ready


class AsynchronousAlgorithm(SpacetimeAlgorithm):
    """Learns from fragments as they come in. They were played with weights up to a few updates old."""

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
                self._ask()  # before anybody learns
                return check_played([played for _, played in ready])
            if not runners.num_healthy_remote_workers():
                self.revive_runners(deadline)

    def _ask(self) -> None:
        """Let every runner have as many fragments to play as it may."""
        for _ in range(AHEAD):  # RLlib passes over those that have
            self.ask_runners()
