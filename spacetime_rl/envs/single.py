"""A scenario with one agent as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from spacetime_rl.envs.parallel import parallel_env
from spacetime_rl.errors import UsageError
from spacetime_rl.game.launch import GameLaunch


def gym_env(
    scenario: str | GameLaunch,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    action_repeat: int | None = None,
    max_cycles: int | None = None,
) -> GodotEnv:
    """Start a scenario with one agent, or a game of your own as a GameLaunch, for Gymnasium.

    The arguments are those of `parallel_env`. Raises UsageError for a game with several agents (use `parallel_env` or
    `vector_env`), and the errors of `open_game`.
    """
    return GodotEnv(scenario, params=params, seed=seed, action_repeat=action_repeat, max_cycles=max_cycles)


class GodotEnv(gym.Env[Any, Any]):
    """The environment that `gym_env` makes. At an episode's end `info` has its metrics: return, length, success, ...

    Observations are float32 [n], or a Dict if the agent observes images. Actions are a Box of [-1, 1], a Discrete or
    MultiDiscrete, or a Dict of these. If the game masks actions, `info["action_mask"]` is for `action_space.sample`.
    """

    def __init__(self, scenario: str | GameLaunch, **options: Any) -> None:
        self._env = parallel_env(scenario, **options)
        if len(self._env.possible_agents) != 1:
            names = ", ".join(self._env.possible_agents)
            self._env.close()
            raise UsageError(f"gym_env: this game has several agents ({names}); take parallel_env or vector_env")
        (self._agent,) = self._env.possible_agents
        self.metadata = {"render_modes": []}
        self.render_mode = None
        self.observation_space = self._env.observation_space(self._agent)
        self.action_space = self._env.action_space(self._agent)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode: the first one of `seed`, or the next one without it. There are no `options`."""
        super().reset(seed=seed)
        observations, infos = self._env.reset(seed, options)
        return observations[self._agent], infos[self._agent]

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act for one decision; numbers outside [-1, 1] are clipped. Raises ActionError for an invalid action."""
        if not self._env.agents:
            raise UsageError("step: the episode has ended; call reset for the next one")
        observations, rewards, terminated, truncated, infos = self._env.step({self._agent: action})
        agent = self._agent
        return observations[agent], rewards[agent], terminated[agent], truncated[agent], infos[agent]

    def render(self) -> None:
        """Does nothing, because games run headless."""

    def close(self) -> None:
        """End the game."""
        self._env.close()
