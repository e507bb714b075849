"""One arena of a game as a PettingZoo parallel environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from spacetime_rl.config.words import did_you_mean
from spacetime_rl.envs.spaces import ACTION_MASK, PolicySpaces
from spacetime_rl.errors import ActionError, UsageError
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch, launch_of

_PerAgent = dict[str, Any]


def parallel_env(
    scenario: str | GameLaunch,
    *,
    params: Mapping[str, Any] | None = None,
    seed: int = 0,
    action_repeat: int | None = None,
    max_cycles: int | None = None,
) -> GodotParallelEnv:
    """Start a scenario, or a game of your own as a GameLaunch, for PettingZoo.

    `seed` applies until `reset(seed=…)`, and `action_repeat` is in physics ticks per decision. After `max_cycles`
    decisions of an episode every remaining agent is truncated. A GameLaunch holds all of these except `max_cycles`.
    Raises UsageError, and the errors of `open_game`.
    """
    if max_cycles is not None and max_cycles < 1:
        raise UsageError(f"max_cycles: expected at least 1, or None for no limit, found {max_cycles}")
    launch = launch_of(scenario, params=params or {}, seed=seed, action_repeat=action_repeat)
    return GodotParallelEnv(launch, max_cycles)


class GodotParallelEnv(ParallelEnv):  # type: ignore[misc]  # PettingZoo is not typed
    """Made by `parallel_env`. At the end of an agent's episode its info has its metrics: return, length, success, ...

    An agent whose part begins later in the episode joins `agents` then, with an observation and a reward of 0. If the
    game masks actions, the info of an agent that acts has `action_mask`, for `action_space(agent).sample(mask)`. In
    place of a masked choice the game takes the first allowed one.
    """

    def __init__(self, launch: GameLaunch, max_cycles: int | None = None) -> None:
        self._game = open_game(replace(launch, arenas=1))
        spec = self._game.spec
        self.metadata = {"name": f"spacetime_rl/{spec.scenario}", "render_modes": [], "is_parallelizable": True}
        self.render_mode = None
        self.max_cycles = max_cycles
        self.possible_agents = list(spec.agent_ids)
        self.agents: list[str] = []
        self._has_begun = self._is_closed = False
        self._over: set[str] = set()  # agents whose episode has ended
        self._cycles = 0
        self._actions = [
            np.zeros((spec.group_size(g), group.layout.action_size), np.float32) for g, group in enumerate(spec.groups)
        ]
        self._places = {name: (g, row) for g, group in enumerate(spec.groups) for row, name in enumerate(group.agents)}
        # One object per agent, because PettingZoo seeds spaces agent by agent.
        self._spaces = {name: PolicySpaces.of(spec.groups[g].layout) for name, (g, _) in self._places.items()}

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """The agent's observation space, always the same object."""
        return self._spaces_of(agent).observation

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """The agent's action space, always the same object."""
        return self._spaces_of(agent).action

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[_PerAgent, _PerAgent]:  # noqa: ARG002
        """Begin an episode: the first one of `seed`, or the next one without it. There are no `options`."""
        self._require_open("reset")
        result = self._game.reset(seed)
        self._has_begun = True
        self._cycles = 0
        self._over.clear()
        self.agents = [name for name, active in zip(self.possible_agents, result.active, strict=True) if active]
        return (
            {name: self._observe(name, result) for name in self.agents},
            {name: self._masks(name, result) for name in self.agents},
        )

    def step(self, actions: Mapping[str, Any]) -> tuple[_PerAgent, _PerAgent, _PerAgent, _PerAgent, _PerAgent]:
        """Let every live agent act; agents whose episode ended leave `agents`. Numbers outside [-1, 1] are clipped.

        Raises ActionError for an action that is invalid, missing, or of an agent that does not act. Raises UsageError
        before the first reset and after `close`.
        """
        self._require_open("step")
        if not self._has_begun:
            raise UsageError("step before reset: there is no episode to act in; call reset first")
        self._require_agents(actions)
        if not self.agents:
            return {}, {}, {}, {}, {}
        for name in self.agents:
            group, row = self._places[name]
            action = self._spaces[name].join_action(actions[name], who=f"the action of {name}")
            self._actions[group][row] = action
        result = self._game.step(self._actions)
        self._cycles += 1
        return self._report(result)

    def render(self) -> None:
        """Does nothing, because games run headless."""

    def close(self) -> None:
        """End the game."""
        self._is_closed = True
        self._game.close()

    def _spaces_of(self, agent: str) -> PolicySpaces:
        if agent not in self._spaces:
            raise UsageError(f"no agent {agent!r}{did_you_mean(str(agent), self._spaces)}; {self._known()}")
        return self._spaces[agent]

    def _require_open(self, what: str) -> None:
        if self._is_closed:
            raise UsageError(f"{what} after close: the game has ended; make a new environment")

    def _require_agents(self, actions: Any) -> None:
        """Raises ActionError unless exactly the live agents act; None for an agent whose episode ended is accepted."""
        if not isinstance(actions, Mapping):
            raise ActionError(f"expected a dict from agent to action, found a {type(actions).__name__}")
        for name, action in actions.items():
            if name not in self._places:
                raise ActionError(f"no agent {name!r}{did_you_mean(str(name), self._places)}; {self._known()}")
            if name not in self.agents and action is not None:
                why = "has ended" if name in self._over else "does not act yet"
                live = (
                    f"those that act are {', '.join(self.agents)}" if self.agents else "call reset for another episode"
                )
                raise ActionError(f"an action for {name}, which {why}; {live}")
        missing = [name for name in self.agents if name not in actions]
        if missing:
            raise ActionError(f"no action for {', '.join(missing)}; every agent in `agents` acts in every step")

    def _known(self) -> str:
        return f"agents: {', '.join(self.possible_agents)}"

    def _report(self, result: StepResult) -> tuple[_PerAgent, _PerAgent, _PerAgent, _PerAgent, _PerAgent]:
        ended = {self.possible_agents[end.agent]: end for end in result.ended}
        self._over |= ended.keys()
        live = self.agents + self._woken(result)
        numbers = [self.possible_agents.index(name) for name in live]
        terminated = {name: bool(result.terminated[i]) for name, i in zip(live, numbers, strict=True)}
        overtime = self.max_cycles is not None and self._cycles >= self.max_cycles
        truncated = {
            name: bool(result.truncated[i]) or (overtime and not terminated[name])
            for name, i in zip(live, numbers, strict=True)
        }
        self.agents = [name for name in live if not terminated[name] and not truncated[name]]
        return (
            {name: self._observe(name, result, ended.get(name)) for name in live},
            {name: float(result.rewards[i]) for name, i in zip(live, numbers, strict=True)},
            terminated,
            truncated,
            {name: dict(ended[name].metrics) if name in ended else self._masks(name, result) for name in live},
        )

    def _woken(self, result: StepResult) -> list[str]:
        """Agents that have waited until now. If all episodes ended, `active` refers to the next one and is ignored."""
        known = self._over.union(self.agents)
        return [n for n, active in zip(self.possible_agents, result.active, strict=True) if active and n not in known]

    def _masks(self, name: str, result: StepResult) -> _PerAgent:
        group, row = self._places[name]
        mask = self._spaces[name].action_mask(result.observations[group][row])
        return {} if mask is None else {ACTION_MASK: mask}

    def _observe(self, name: str, result: StepResult, end: EndedAgent | None = None) -> Any:
        group, row = self._places[name]
        flat = result.observations[group][row] if end is None else end.final_observation
        return self._spaces[name].split_observation(flat)
