"""RLlib's callbacks about games and episodes, called once per fragment instead of once per step."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from ray.rllib.callbacks.callbacks import RLlibCallback
from ray.rllib.callbacks.utils import make_callback
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.game.api import Game
from spacetime_rl.notices import ONCE

logger = logging.getLogger(__name__)


class Runner(Protocol):
    """The attributes of an env runner that callbacks need, under RLlib's names."""

    config: Any
    metrics: Any
    module: Any
    env: Any


class RunnerCallbacks:
    """Calls the callbacks that the user defines, with the arguments that RLlib's own multi-agent runner gives.

    An episode is one agent's (a SingleAgentEpisode). `on_episode_created`, `on_episode_start` and `on_episode_end` are
    called after the fragment in which the episode began or ended; the object holds only the episode's steps in that
    fragment. `env` and `env_index` are those of the game. `on_episode_step` is never called, because no Python code
    runs per agent and step. `on_sample_end`, which RLlib calls itself, receives every step.
    """

    def __init__(self, runner: Runner, callbacks: Sequence[RLlibCallback]) -> None:
        self._runner = runner
        self._objects = list(callbacks)
        self._wanted = {name for name in _EPISODE if self._is_wanted(name)}
        if self._is_wanted("on_episode_step"):
            logger.warning(
                "callbacks: on_episode_step is never called: steps are batched; on_sample_end has them all", extra=ONCE
            )

    def game_opened(self, game: Game) -> None:
        """Call `on_environment_created` for a new game."""
        self._make("on_environment_created", env=game, env_context=self._runner.config.env_config)

    def fragment_played(self, game_index: int, episodes: Sequence[SingleAgentEpisode]) -> None:
        """Call the episode callbacks for the episodes, and pieces of episodes, of one game's fragment."""
        if not self._wanted:
            return
        for episode in episodes:
            about: dict[str, Any] = {"episode": episode, "env_index": game_index, "rl_module": self._runner.module}
            if episode.t_started == 0:
                self._make("on_episode_created", env=self._runner.env, **about)
                self._make("on_episode_start", env=self._runner.env, **about)
            if episode.is_done:
                self._make("on_episode_end", env=self._runner.env, prev_episode_chunks=[], **about)

    def _is_wanted(self, name: str) -> bool:
        method = getattr(RLlibCallback, name)
        own = any(getattr(type(callback), name) is not method for callback in self._objects)
        return own or bool(getattr(self._runner.config, f"callbacks_{name}"))

    def _make(self, name: str, **kwargs: Any) -> None:
        make_callback(
            name,
            callbacks_objects=self._objects,
            callbacks_functions=getattr(self._runner.config, f"callbacks_{name}"),
            kwargs={"env_runner": self._runner, "metrics_logger": self._runner.metrics, **kwargs},
        )


_EPISODE = ("on_episode_created", "on_episode_start", "on_episode_end")
