"""A fragment while it is played: the policies' decisions, the game's results, and the time that each took."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from ray.rllib.env.single_agent_episode import SingleAgentEpisode

from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.rollout.fragments import RUNNING, TERMINATED, TRUNCATED, Outcome, make_episodes
from spacetime_rl.rollout.lesson import LessonOutcome
from spacetime_rl.rollout.matches import Matches, MatchResult
from spacetime_rl.rollout.places import ArenaEpisodes
from spacetime_rl.rollout.policy_slot import Decide, PolicySlot
from spacetime_rl.rollout.reward_hook import RewardHook


@dataclass(frozen=True, slots=True)
class Fragment:
    """The result of one game: episodes and pieces of episodes, the agents whose episodes ended, and time spent.

    In a league both are those of the learning policies' agents alone.
    """

    episodes: list[SingleAgentEpisode]
    ended: list[EndedAgent]
    agent_steps: tuple[int, ...]  # by policy, in the order of the plan's policies
    step_s: NDArray[np.float64]  # [decisions] seconds from the request to the game's answer
    game_s: float  # seconds of waiting while the game worked
    wire_s: float  # seconds of waiting while it did not, as in `api.Timing`
    decide_s: float
    lesson: LessonOutcome | None = None  # None without a curriculum
    matches: tuple[MatchResult, ...] = ()  # that ended; empty without a league


class Recording:
    """`steps` decisions of all N agents of one game.

    For every step call `decide`, then `add` while the game works, then `answer`. Call `finish` after the last step.
    `ended` are all agents whose episodes ended so far.
    With `arenas` the pieces of the fragment hold their places.
    """

    def __init__(
        self,
        slots: Sequence[PolicySlot],
        spec: GameSpec,
        steps: int,
        hook: RewardHook | None = None,
        matches: Matches | None = None,
        arenas: ArenaEpisodes | None = None,
    ) -> None:
        n = spec.num_agents
        self._slots = slots
        self._spec = spec
        self._hook = hook
        self._matches = matches
        self._arenas = arenas
        self._policies = [slot.open_fragment(steps) for slot in slots]
        self._rewards = np.empty((n, steps), np.float32)
        self._acted = np.empty((n, steps), np.bool_)
        self._ending = np.empty((n, steps), np.uint8)
        self._step_s = np.empty(steps)
        self._decide_s = 0.0
        self.ended: list[EndedAgent] = []
        self._measured: list[EndedAgent] = []  # those that the latest policies played, in a league
        self._actions = [
            np.zeros((spec.group_size(g), group.layout.action_size), np.float32) for g, group in enumerate(spec.groups)
        ]

    def decide(self, now: StepResult, decide: Decide) -> Sequence[NDArray[np.float32]]:
        """Decide on the observations in `now`; returns actions f32[n, a] per group, valid until the next call."""
        began = time.perf_counter()
        for slot in self._slots:
            slot.decide(now, decide, self._actions)
        self._decide_s += time.perf_counter() - began
        return self._actions

    def add(self, step: int, now: StepResult) -> None:
        """Record the decisions made on `now`, and the results of the step before, which `now` holds."""
        self._acted[:, step] = now.active if self._matches is None else now.active & self._matches.learns
        for slot, fragment in zip(self._slots, self._policies, strict=True):
            slot.record(step, fragment)
        if step:
            self._add_outcome(step - 1, now)

    def answer(self, step: int, now: StepResult, elapsed_s: float) -> None:
        """Record the game's answer to a step, and the seconds that it took."""
        self._step_s[step] = elapsed_s
        if now.ended:
            self.ended += now.ended
            for slot, fragment in zip(self._slots, self._policies, strict=True):
                slot.end_episodes(step, now.ended, fragment)
        if self._matches is not None:
            self._measured += [agent for agent in now.ended if self._matches.latest[agent.agent]]
            self._matches.note(now)

    def finish(self, now: StepResult, game_s: float, wire_s: float) -> Fragment:
        """Build the Fragment after its last step. Also updates every agent's episode age.

        `game_s` and `wire_s` are the seconds spent waiting for the game during the fragment.
        """
        self._add_outcome(len(self._step_s) - 1, now)
        ids = self._spec.agent_ids
        episodes: list[SingleAgentEpisode] = []
        agent_steps = []
        places = self._arenas.places(self._ending != RUNNING) if self._arenas else None
        for slot, fragment in zip(self._slots, self._policies, strict=True):
            slot.close_fragment(fragment, now.observations)
            agents = slot.plan.agents
            outcome = Outcome(self._rewards[agents], self._acted[agents], self._ending[agents])
            names = [ids[agent] for agent in agents]
            places_of_policy = places.of_agents(agents) if places else None
            episodes += make_episodes(fragment, outcome, slot.ages, slot.plan.name, names, places_of_policy)
            agent_steps.append(int(outcome.acted.sum()))
        made = Fragment(episodes, self.ended, tuple(agent_steps), self._step_s, game_s, wire_s, self._decide_s)
        if self._matches is None:
            return made
        return replace(made, ended=self._measured, matches=self._matches.take())

    def _add_outcome(self, step: int, now: StepResult) -> None:
        self._rewards[:, step] = now.rewards
        self._ending[:, step] = now.terminated * TERMINATED + now.truncated * TRUNCATED
        if self._hook is not None:
            for slot, fragment in zip(self._slots, self._policies, strict=True):
                agents = slot.plan.agents
                self._rewards[agents, step] = slot.shape(step, now, fragment, self._acted[agents, step], self._hook)
