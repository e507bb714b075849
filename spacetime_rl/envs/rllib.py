"""A game as RLlib's MultiAgentEnv, for RLlib's own runners and for comparisons with ours."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from ray.rllib.env.multi_agent_env import MultiAgentEnv

from spacetime_rl.errors import ActionError, UsageError
from spacetime_rl.game.api import StepResult
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.modules.spec import make_spaces
from spacetime_rl.rollout.plan import PLAN, RolloutPlan

Spaces = dict[str, gym.Space[Any]]
Observations = dict[str, NDArray[np.float32]]


class GameMultiAgentEnv(MultiAgentEnv):  # type: ignore[misc]
    """One arena of the game in `config["rollout_plan"]`; an episode lasts until its last agent's end.

    Raises UsageError for a plan of several arenas: their episodes end at different times, which this interface cannot
    express. `GameEnvRunner` plays such plans.
    """

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__()
        plan: RolloutPlan = config[PLAN]
        if plan.spec.arenas != 1:
            raise UsageError(f"RLlib's MultiAgentEnv plays one arena, not {plan.spec.arenas}; set game.arenas=1")
        self._spec = plan.spec
        self._game = plan.open(plan.launch)
        self._acting: set[str] = set()
        self._next: Observations | None = None
        self.agents = self.possible_agents = list(plan.spec.agent_ids)
        by_policy = {policy.name: make_spaces(policy.layout) for policy in plan.policies}
        by_agent = {agent: by_policy[plan.policy_of(agent)] for agent in self.possible_agents}
        self.observation_spaces: Spaces = {agent: spaces[0] for agent, spaces in by_agent.items()}
        self.action_spaces: Spaces = {agent: spaces[1] for agent, spaces in by_agent.items()}
        self.observation_space = gym.spaces.Dict(self.observation_spaces)
        self.action_space = gym.spaces.Dict(self.action_spaces)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observations, dict[str, Any]]:
        """Begin an episode: the first one of `seed`, or the next one without it."""
        del options
        begun, self._next = self._next, None
        if seed is not None or begun is None:
            begun = _by_agent(self._spec, self._game.reset(seed))
        self._acting = set(self.possible_agents)
        return begun, {}

    def step(
        self, action_dict: Observations
    ) -> tuple[Observations, dict[str, float], dict[str, bool], dict[str, bool], dict[str, Any]]:
        """Let the agents in `action_dict` act; an agent whose episode ends returns its final observation.

        Raises ActionError where `action_dict` does not have exactly the acting agents, UsageError where no episode has
        begun.
        """
        now = self._game.step(self._actions(action_dict))
        ids = self._spec.agent_ids
        ended = {ids[agent.agent]: agent.final_observation for agent in now.ended}
        terminated = {ids[agent.agent]: bool(now.terminated[agent.agent]) for agent in now.ended}
        truncated = {ids[agent.agent]: bool(now.truncated[agent.agent]) for agent in now.ended}
        current = _by_agent(self._spec, now)
        seen = {agent: ended.get(agent, current[agent]) for agent in self._acting}
        rewards = {agent: float(now.rewards[ids.index(agent)]) for agent in self._acting}
        self._acting -= set(ended)
        over = not self._acting
        self._next = current if over else None  # the arena has begun its next episode by itself
        cut_short = over and any(truncated.values())
        return seen, rewards, {**terminated, "__all__": over and not cut_short}, {**truncated, "__all__": cut_short}, {}

    def close(self) -> None:
        """End the game."""
        self._game.close()

    def _actions(self, action_dict: Observations) -> list[NDArray[np.float32]]:
        if not self._acting:
            raise UsageError("step before reset: no episode has begun, or the last one has ended; call reset first")
        wrong = [str(agent) for agent in action_dict if agent not in self._acting]
        if wrong:
            acting = ", ".join(agent for agent in self.possible_agents if agent in self._acting)
            raise ActionError(f"actions for {', '.join(wrong)}; the agents that act are {acting}")
        missing = [agent for agent in self.possible_agents if agent in self._acting and agent not in action_dict]
        if missing:
            raise ActionError(f"no action for {', '.join(missing)}; every agent that acts needs one")
        actions = []
        for group in self._spec.groups:
            nothing = np.zeros(group.layout.action_size, np.float32)
            actions.append(
                np.stack([_row(agent, action_dict.get(agent, nothing), nothing.shape) for agent in group.agents])
            )
        return actions


def _by_agent(spec: GameSpec, now: StepResult) -> Observations:
    """Observations by agent, copied because the game overwrites its arrays."""
    rows = [row for observations in now.observations for row in observations.copy()]
    return dict(zip(spec.agent_ids, rows, strict=True))


def _row(agent: str, action: Any, shape: tuple[int, ...]) -> NDArray[np.float32]:
    row = np.asarray(action, np.float32)
    if row.shape != shape:
        raise ActionError(f"the action of {agent}: expected an array of shape {shape}, found {row.shape}")
    return row
