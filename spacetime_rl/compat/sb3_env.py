"""All agents of several games as one vector environment of Stable-Baselines3."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv

from spacetime_rl.compat.sb3_spaces import Sb3Spaces
from spacetime_rl.errors import UsageError
from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

METRICS = "metrics"  # in an agent's info at the end of its episode: what the game and we measured, by name


class GameVecEnv(VecEnv):  # type: ignore[misc]
    """Sub-environment i is agent i of the first game, and so on through all games, in each game's own order.

    An agent whose episode ended gets the first observation of its next one at once; `terminal_observation`,
    `TimeLimit.truncated` and `metrics` in its info are of the old one. In an arena of several agents, one that ends
    early waits for the others; meanwhile it observes zeros and earns nothing. Raises UsageError for games that one
    policy cannot play, and the errors of `open_game`.
    """

    def __init__(self, launches: Sequence[GameLaunch]) -> None:
        self._launches = launches
        self._games: list[Game] = []
        try:
            self._games = _open(launches)
            first = self._games[0].spec
            self.game_spec = first
            self.spaces = Sb3Spaces.of(first, launches[0].title)
        except BaseException:
            self.close()
            raise
        self._sizes = [game.spec.num_agents for game in self._games]
        super().__init__(sum(self._sizes), self.spaces.observation, self.spaces.action)

    def reset(self) -> dict[str, NDArray[Any]]:
        """Begin new episodes of all agents: at first those of each game's seed."""
        results = [game.reset(seed) for game, seed in zip(self._games, self._first_seeds(), strict=True)]
        self.reset_infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        return self._observe(results)

    def step_async(self, actions: NDArray[Any]) -> None:
        """Let all agents act; all games work at the same time."""
        at = 0
        for game, size in zip(self._games, self._sizes, strict=True):
            own = self.spaces.act(actions[at : at + size])
            game.send(np.split(own, np.cumsum([game.spec.group_size(g) for g in range(len(game.spec.groups))])[:-1]))
            at += size

    def step_wait(self) -> tuple[Any, NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """What came of it: observations, rewards, ends of episodes, and infos."""
        results = [game.receive() for game in self._games]
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        at = 0
        for result, size in zip(results, self._sizes, strict=True):
            for end in result.ended:
                infos[at + end.agent] = {
                    "terminal_observation": self.spaces.observe(end.final_observation),
                    "TimeLimit.truncated": bool(result.truncated[end.agent]),
                    METRICS: end.metrics,
                }
            at += size
        rewards = np.concatenate([result.rewards for result in results])
        dones = np.concatenate([result.terminated | result.truncated for result in results])
        return self._observe(results), rewards, dones, infos

    def close(self) -> None:
        """End all games."""
        for game in self._games:
            game.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The attribute of each sub-environment; there is `render_mode` alone, which is None."""
        if attr_name != "render_mode":
            raise AttributeError(f"an agent has no attribute {attr_name!r}")
        return [None for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, *_: Any, **__: Any) -> None:
        """Raises UsageError: an agent has no attributes."""
        raise UsageError(f"set_attr: an agent has no attribute {attr_name!r}")

    def env_method(self, method_name: str, *_: Any, **__: Any) -> list[Any]:
        """Raises UsageError: an agent has no methods."""
        raise UsageError(f"env_method: an agent has no method {method_name!r}")

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:  # noqa: ARG002
        """Whether each sub-environment has a wrapper of its own: none has."""
        return [False for _ in self._get_indices(indices)]

    def _first_seeds(self) -> Iterable[int | None]:
        begun, self._begun = getattr(self, "_begun", False), True
        return [None if begun else launch.seed for launch in self._launches]

    def _observe(self, results: Sequence[StepResult]) -> dict[str, NDArray[Any]]:
        flat = np.concatenate([observation for result in results for observation in result.observations])
        return self.spaces.observe(flat)


def _open(launches: Sequence[GameLaunch]) -> list[Game]:
    """All games, which start at the same time; if one fails, the others are closed."""
    games: list[Game] = []
    with ThreadPoolExecutor(len(launches)) as pool:
        waiting = [pool.submit(open_game, launch) for launch in launches]
        errors = [future.exception() for future in waiting]
        games = [future.result() for future, error in zip(waiting, errors, strict=True) if error is None]
    failed = next((error for error in errors if error is not None), None)
    if failed is not None:
        for game in games:
            game.close()
        raise failed
    return games
