"""A policy slot: the rows of one game's agents that one policy controls, and their recurrent states."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan, action_limits
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.modules.actions import clip_into
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.fragments import Decision, PolicyFragment, State
from spacetime_rl.rollout.reward_hook import RewardHook, RewardStep

SHAPED_RETURN = "shaped_return"

Decide = Callable[[PolicyActor, NDArray[np.float32], State], Decision]


class PolicySlot:
    """Lets one policy decide for its n agents, in the order of `plan.agents`."""

    def __init__(self, plan: PolicyPlan, actor: PolicyActor) -> None:
        self.plan = plan
        self.ages = np.zeros(len(plan.agents), np.int64)  # decisions of each agent's running episode
        self._actor = actor
        self._state: State = {}
        self._row_of = {int(agent): row for row, agent in enumerate(plan.agents)}
        self._limits = action_limits(plan.layout)
        self._shaped = np.zeros(len(plan.agents))  # sum of shaped rewards of each agent's running episode

    def begin_episodes(self) -> None:
        """Reset the ages and recurrent states of all agents, whose episodes begin."""
        self.ages[:] = 0
        self._shaped[:] = 0.0
        self._state = self._actor.initial_state(len(self.ages))

    def open_fragment(self, steps: int) -> PolicyFragment:
        """An empty fragment for the next `steps` decisions."""
        return PolicyFragment(self.plan.layout, len(self.ages), steps, self._state)

    def decide(self, now: StepResult, decide: Decide, actions: Sequence[NDArray[np.float32]]) -> None:
        """Decide on the agents' observations in `now`, and write the result into the game's `actions`."""
        self._seen = self.plan.gather(now.observations)
        self._decision = decide(self._actor, self._seen, self._state)
        self._state = self._decision.state
        for value in self._state.values():
            value[~now.active[self.plan.agents]] = 0.0  # agents that wait have no recurrent state
        self._send(self._decision.actions.copy(), actions)

    def _send(self, decided: NDArray[np.float32], actions: Sequence[NDArray[np.float32]]) -> None:
        self.plan.scatter(clip_into(decided, *self._limits), actions)

    def record(self, step: int, fragment: PolicyFragment) -> None:
        """Record the last decision in `fragment`, before the game overwrites the observations that it was based on."""
        fragment.add(step, self._seen, self._decision)

    def close_fragment(self, fragment: PolicyFragment, observations: Sequence[NDArray[np.float32]]) -> None:
        """Record the observations after the last decision."""
        fragment.observations[:, -1] = self.plan.gather(observations)

    def end_episodes(self, step: int, ended: Sequence[EndedAgent], fragment: PolicyFragment) -> None:
        """Record the final observations of this policy's agents among `ended`, and reset their recurrent states."""
        rows = [(self._row_of[agent.agent], agent) for agent in ended if agent.agent in self._row_of]
        for row, agent in rows:
            fragment.finals[row, step] = agent.final_observation
        for value in self._state.values():
            value[[row for row, _ in rows]] = 0.0

    def shape(
        self, step: int, now: StepResult, fragment: PolicyFragment, acted: NDArray[np.bool_], hook: RewardHook
    ) -> NDArray[np.float32]:
        """The rewards f32[n] that a user's hook computes for a step; `now` is the game's answer to that step.

        When an agent's episode ends, the sum of these rewards becomes its metric `shaped_return`.
        """
        agents = self.plan.agents
        seen_next = np.array(self.plan.gather(now.observations))
        ended = [(self._row_of[agent.agent], agent) for agent in now.ended if agent.agent in self._row_of]
        for row, _ in ended:
            seen_next[row] = fragment.finals[row, step]
        rewards = hook(
            RewardStep(
                policy=self.plan.name,
                observations=fragment.observations[:, step].copy(),
                actions=fragment.actions[:, step].copy(),
                rewards=now.rewards[agents],
                next_observations=seen_next,
                terminated=now.terminated[agents],
                truncated=now.truncated[agents],
                acted=acted.copy(),
            )
        )
        self._shaped += rewards
        for row, agent in ended:
            agent.metrics[SHAPED_RETURN] = float(self._shaped[row])
            self._shaped[row] = 0.0
        return rewards
