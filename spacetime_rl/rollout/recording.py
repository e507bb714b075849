"""A fragment while it is being played: what the seats decide, what the game answers, where the time goes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.rollout.fragments import TERMINATED, TRUNCATED, Outcome, make_episodes
from spacetime_rl.rollout.lesson import LessonOutcome
from spacetime_rl.rollout.reward_hook import RewardHook
from spacetime_rl.rollout.seat import Decide, Seat


@dataclass(frozen=True, slots=True)
class Fragment:
    """What one game gave: episodes and pieces of them, the agents whose episodes ended, and where the time went."""

    episodes: list[SingleAgentEpisode]
    ended: list[EndedAgent]
    agent_steps: tuple[int, ...]  # by policy, in the plan's order
    step_s: NDArray[np.float64]  # [decisions] from asking the game to its answer
    game_s: float  # waiting while the game worked
    wire_s: float  # see `api.Timing`
    decide_s: float
    lesson: LessonOutcome | None = None  # where there are lessons


class Recording:
    """`steps` decisions of all N agents of one game.

    For every step `decide`, then `add` while the game works, then `answer`; `finish` after the last one.
    """

    def __init__(self, seats: Sequence[Seat], spec: GameSpec, steps: int, hook: RewardHook | None = None) -> None:
        n = spec.num_agents
        self._seats = seats
        self._spec = spec
        self._hook = hook
        self._policies = [seat.open_fragment(steps) for seat in seats]
        self._rewards = np.empty((n, steps), np.float32)
        self._acted = np.empty((n, steps), np.bool_)
        self._ending = np.empty((n, steps), np.uint8)
        self._step_s = np.empty(steps)
        self._decide_s = 0.0
        self._ended: list[EndedAgent] = []
        self._actions = [
            np.zeros((spec.group_size(g), group.layout.action_size), np.float32) for g, group in enumerate(spec.groups)
        ]

    def decide(self, now: StepResult, decide: Decide) -> Sequence[NDArray[np.float32]]:
        """Let every seat decide on what its agents see `now`; the actions, f32[n, a] per group, until the next call."""
        began = time.perf_counter()
        for seat in self._seats:
            seat.decide(now, decide, self._actions)
        self._decide_s += time.perf_counter() - began
        return self._actions

    def add(self, step: int, now: StepResult) -> None:
        """Record what was decided on `now`, and what the step before had brought."""
        self._acted[:, step] = now.active
        for seat, fragment in zip(self._seats, self._policies, strict=True):
            seat.record(step, fragment)
        if step:
            self._add_outcome(step - 1, now)

    def answer(self, step: int, now: StepResult, elapsed_s: float) -> None:
        """Take note of the game's answer to a step."""
        self._step_s[step] = elapsed_s
        if now.ended:
            self._ended += now.ended
            for seat, fragment in zip(self._seats, self._policies, strict=True):
                seat.end_episodes(step, now.ended, fragment)

    def finish(self, now: StepResult, game_s: float, wire_s: float) -> Fragment:
        """The fragment, after its last step, for which the game was waited for so long. Moves the seats' ages on."""
        self._add_outcome(len(self._step_s) - 1, now)
        ids = self._spec.agent_ids
        episodes: list[SingleAgentEpisode] = []
        agent_steps = []
        for seat, fragment in zip(self._seats, self._policies, strict=True):
            seat.close_fragment(fragment, now.observations)
            agents = seat.plan.agents
            outcome = Outcome(self._rewards[agents], self._acted[agents], self._ending[agents])
            names = [ids[agent] for agent in agents]
            episodes += make_episodes(fragment, outcome, seat.ages, seat.plan.name, names)
            agent_steps.append(int(outcome.acted.sum()))
        return Fragment(episodes, self._ended, tuple(agent_steps), self._step_s, game_s, wire_s, self._decide_s)

    def _add_outcome(self, step: int, now: StepResult) -> None:
        self._rewards[:, step] = now.rewards
        self._ending[:, step] = now.terminated * TERMINATED + now.truncated * TRUNCATED
        if self._hook is not None:
            for seat, fragment in zip(self._seats, self._policies, strict=True):
                agents = seat.plan.agents
                self._rewards[agents, step] = seat.shape(step, now, fragment, self._acted[agents, step], self._hook)
