"""A game that was started with `--listen`, as a Gymnasium environment that owns the client."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from spacetime_rl.client.tcp import DEFAULT_PORT, AgentState, SyncGameClient
from spacetime_rl.envs.spaces import OBS, PolicySpaces
from spacetime_rl.errors import UsageError
from spacetime_rl.game.spec import GameSpec


def tcp_env(
    host: str = "127.0.0.1",
    port: int = DEFAULT_PORT,
    *,
    token: str | None = None,
    wait_s: float = 0.0,
    timeout_s: float = 30.0,
) -> TcpEnv:
    """Connect to a game with one agent that listens; `wait_s` is how many seconds it may take to begin to.

    Raises GameTcpError, and UsageError for a game with several agents.
    """
    return TcpEnv(SyncGameClient.connect(host, port, token=token, wait_s=wait_s, timeout_s=timeout_s))


class TcpEnv(gym.Env[Any, Any]):
    """Made by `tcp_env`. Spaces are those of `gym_env`; at an episode's end `info` has its metrics.

    `close` closes the connection, and the game waits for the next client.
    """

    def __init__(self, client: SyncGameClient) -> None:
        self._client = client
        if len(client.agents) != 1:
            client.close()
            raise UsageError(f"tcp_env: this game has several agents ({', '.join(client.agents)}); use SyncGameClient")
        (self._agent,) = client.agents
        self._spaces = PolicySpaces.of(GameSpec.from_dict(client.spec).groups[0].layout)
        actions = self._spaces.layout.actions
        self._continuous = np.array([field.kind == "continuous" for field in actions for _ in range(field.width)])
        self._is_over = True
        self.metadata = {"render_modes": []}
        self.render_mode = None
        self.observation_space = self._spaces.observation
        self.action_space = self._spaces.action

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002
        """Begin an episode: the first one of `seed`, or the next one without it. There are no `options`."""
        super().reset(seed=seed)
        state = self._client.reset(seed)[self._agent]
        self._is_over = False
        return self._seen(state), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act for one decision; numbers outside [-1, 1] are clipped. Raises GameTcpError and ActionError."""
        if self._is_over:
            raise UsageError("step: the episode has ended, or none has begun; call reset")
        flat = self._spaces.join_action(action)
        clipped = np.where(self._continuous, np.clip(flat, -1.0, 1.0), flat)
        state = self._client.step({self._agent: clipped})[self._agent]
        self._is_over = state.terminated or state.truncated
        return self._seen(state), state.reward, state.terminated, state.truncated, dict(state.metrics)

    def render(self) -> None:
        """Does nothing: the game draws by itself where it has a window."""

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _seen(self, state: AgentState) -> Any:
        vector = state.observation if state.final_observation is None else state.final_observation
        images = state.images if state.final_observation is None else state.final_images
        return {OBS: vector, **images} if images else vector
