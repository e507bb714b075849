"""An env runner that is a server: it samples from the games that connect to it."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ray.rllib.core import COMPONENT_RL_MODULE
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.game.api import EndedAgent
from spacetime_rl.live.experience import Ended, Experience, Piece
from spacetime_rl.live.learner_side import LearningPlayer, LiveLearner
from spacetime_rl.live.pieces import make_episode
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.recording import Fragment
from spacetime_rl.rollout.runner import GameEnvRunner
from spacetime_rl.serving.access import make_access
from spacetime_rl.serving.find import Served
from spacetime_rl.serving.server import Server

IDLE_S = 30.0  # an iteration in which too little was experienced ends after this time
_BACKLOG = 2  # batches that may wait while the learner is busy
_START_S = 30.0
_SERVED = 2  # tells the generator of served actions from others


@dataclass(frozen=True, slots=True)
class Door:
    """Where games connect. The token is not part of it: it is in the environment of the run's processes."""

    host: str
    port: int
    tls_cert: Path | None = None
    tls_key: Path | None = None


class LiveEnvRunner(GameEnvRunner):
    """Decides for connected games, in a thread of its own, and hands what they experienced to the learner."""

    def __init__(self, config: Any, **kwargs: Any) -> None:
        self._lock = threading.RLock()
        self._open: _OpenDoor | None = None
        self._players: dict[str, LearningPlayer] = {}
        super().__init__(config, **kwargs)
        worker = int(kwargs.get("worker_index") or 0)
        rng = np.random.default_rng([self._plan.seed, worker, _SERVED])
        for policy in self._plan.policies:
            actor = PolicyActor(self.module[policy.name], policy.layout, rng)
            self._players[policy.name] = LearningPlayer(policy.layout, actor, self._lock)
        self._experience = Experience(_BACKLOG * self.config.train_batch_size_per_learner)

    def set_state(self, state: Any) -> None:
        """Take over new weights; no decision is made meanwhile."""
        with self._lock:
            super().set_state(state)
            if COMPONENT_RL_MODULE in state:
                for player in self._players.values():
                    player.version = int(self._weights_seq_no)

    def stop(self) -> None:
        """Serve no more."""
        if self._open is not None:
            self._open.close()
            self._open = None
        super().stop()

    def _sample(self, *, num_timesteps: int | None = None, **_: Any) -> list[SingleAgentEpisode]:
        if self._open is None:
            learner = LiveLearner(self._players, self._experience)
            served = Served("policies that learn", self._players, np.random.default_rng(), learns=True)
            self._open = _OpenDoor(self._plan.visitors.settings, served, learner)  # type: ignore[union-attr]
        began = time.perf_counter()
        pieces, ended = self._experience.take(num_timesteps or 1, IDLE_S)
        self._log(pieces, ended, time.perf_counter() - began)
        return [make_episode(piece) for piece in pieces]

    def _log(self, pieces: list[Piece], ended: list[Ended], waited_s: float) -> None:
        """Log what a fragment of our own games would have logged; its decisions are those of one game's agents."""
        names = [policy.name for policy in self._plan.policies]
        steps = {name: sum(len(piece.steps) for piece in pieces if piece.policy == name) for name in names}
        decisions = -(-sum(steps.values()) // self._plan.spec.num_agents)
        self.num_env_steps_sampled_lifetime += decisions
        first = {policy.name: int(policy.agents[0]) for policy in self._plan.policies}
        fragment = Fragment(
            episodes=[],
            ended=[EndedAgent(first[one.policy], one.final_observation, dict(one.metrics)) for one in ended],
            agent_steps=tuple(steps[name] for name in names),
            step_s=np.full(decisions, waited_s / max(1, decisions)),
            game_s=waited_s,
            wire_s=0.0,
            decide_s=0.0,
        )
        self._runner_metrics.log([fragment])
        self._runner_metrics.log_health(0, 0, 0.0, 0, *self._memory())
        self._log_env_steps(metric=self._metrics_num_env_steps_sampled, num_steps=decisions)


class _OpenDoor:
    """A server in a thread of its own."""

    def __init__(self, door: Door, served: Served, learner: LiveLearner) -> None:
        access = make_access(door.host, door.port, False, door.tls_cert, door.tls_key)
        self._server = Server(served, access, learner)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="server", daemon=True)
        self._thread.start()
        try:
            self._run(self._server.start())
        except BaseException:
            self._end()
            raise

    def close(self) -> None:
        """Close all connections."""
        try:
            self._run(self._server.stop())
        finally:
            self._end()

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_START_S)
