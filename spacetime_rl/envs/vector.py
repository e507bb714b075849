"""The agents of a game with one policy, over all its arenas, as a Gymnasium vector environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from spacetime_rl.envs.spaces import ACTION_MASK, PolicySpaces
from spacetime_rl.errors import UsageError
from spacetime_rl.game.api import StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, launch_of

_Bools = NDArray[np.bool_]


def vector_env(
    scenario: str | GameLaunch,
    *,
    params: Mapping[str, Any] | None = None,
    arenas: int = 1,
    seed: int = 0,
    action_repeat: int | None = None,
) -> GodotVectorEnv:
    """Start a scenario with one policy in many arenas, or a game of your own as a GameLaunch, for Gymnasium.

    `seed` applies until `reset(seed=…)`; `action_repeat` is in physics ticks per decision. A GameLaunch holds all of
    these itself. Raises UsageError, and the errors of `open_game`.
    """
    launch = launch_of(scenario, params=params or {}, arenas=arenas, seed=seed, action_repeat=action_repeat)
    return GodotVectorEnv(launch)


class GodotVectorEnv(VectorEnv[Any, Any, Any]):
    """Sub-environment i is agent i of the game, in the order of `spec.agent_ids`.

    Autoreset is SAME_STEP: an agent whose episode ended gets the first observation of its next episode at once, and
    `infos["final_obs"]` and `infos["final_info"]` (its metrics) hold the end of the old one. In an arena with several
    agents, those that end early wait for the last one. Meanwhile their `infos["active"]` is False, their observations
    and rewards are zero, and their actions are ignored. If the game masks actions, `infos["action_mask"]` has the masks
    of all agents in the form of a single agent's, with a first dimension more.

    Raises UsageError for a game with several policies (use PettingZoo's interface), and the errors of `open_game`.
    """

    def __init__(self, launch: GameLaunch) -> None:
        self._game = open_game(launch)
        groups = self._game.spec.groups
        if len(groups) != 1:
            self._game.close()
            names = ", ".join(group.name for group in groups)
            raise UsageError(f"{launch.title}: a vector environment has one policy, this game has {names}")
        self._spaces = PolicySpaces.of(groups[0].layout)
        self.num_envs = self._game.spec.num_agents
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}
        self.single_observation_space = self._spaces.observation
        self.single_action_space = self._spaces.action
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

    def reset(
        self,
        *,
        seed: int | list[int | None] | None = None,
        options: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> tuple[Any, dict[str, Any]]:
        """Begin new episodes in all arenas: the first ones of `seed`, or the next ones without it."""
        if isinstance(seed, list):
            raise UsageError("the arenas of a game share one seed and differ by episode number: give one integer")
        self._require_open("reset")
        result = self._game.reset(seed)
        return self._spaces.split_observation(result.observations[0]), self._infos(result)

    def step(self, actions: Any) -> tuple[Any, NDArray[np.float32], _Bools, _Bools, dict[str, Any]]:
        """Let all agents act. Raises ActionError for invalid actions; numbers outside [-1, 1] are clipped."""
        self._require_open("step")
        result = self._game.step([self._spaces.join_action(actions, (self.num_envs,))])
        observations = self._spaces.split_observation(result.observations[0])
        return observations, result.rewards.copy(), result.terminated, result.truncated, self._infos(result)

    def close_extras(self, **_: Any) -> None:
        """End the game."""
        self._game.close()

    def _require_open(self, what: str) -> None:
        if self.closed:
            raise UsageError(f"{what} after close: the game has ended; make a new environment")

    def _infos(self, result: StepResult) -> dict[str, Any]:
        infos: dict[str, Any] = {"active": result.active}
        masks = self._spaces.action_mask(result.observations[0])
        if masks is not None:
            infos[ACTION_MASK] = masks
        for end in result.ended:
            final = {"final_obs": self._spaces.split_observation(end.final_observation), "final_info": end.metrics}
            infos = self._add_info(infos, final, end.agent)
        return infos
