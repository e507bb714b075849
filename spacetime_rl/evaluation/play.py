"""Play the episodes that one game is assigned."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan, action_limits
from spacetime_rl.errors import ProtocolError
from spacetime_rl.evaluation.agents import places_of, turns_of
from spacetime_rl.evaluation.clock import Clock
from spacetime_rl.evaluation.policies import Actor
from spacetime_rl.evaluation.schedule import Shard
from spacetime_rl.evaluation.tape import NO_TAPE, Tape
from spacetime_rl.game.api import EndedAgent, Game, StepResult
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import NOTHING, Trace


class EvaluationWorker:
    """An evaluation worker: the actors of one game, each with its agents, and the current episode of every agent.

    With `each_alone` every agent counts as its own arena, as in a stock game.
    """

    def __init__(
        self, spec: GameSpec, plans: Sequence[PolicyPlan], actors: Sequence[Actor], each_alone: bool = False
    ) -> None:
        self._slots = list(zip(plans, actors, [action_limits(plan.layout) for plan in plans], strict=True))
        self._sizes = [(spec.group_size(g), group.layout.action_size) for g, group in enumerate(spec.groups)]
        self.arenas = turns_of(plans) if each_alone else spec.arena_of_agents
        self.places = np.zeros(spec.num_agents, np.int64) if each_alone else places_of(spec)
        # Added to the game's episode numbers: the agents of a stock game all count from the same first number.
        self._ahead = self.arenas if each_alone else np.zeros(spec.num_agents, np.int64)
        self.episodes = np.zeros(spec.num_agents, np.int64)
        self._waiting = np.ones(spec.num_agents, np.bool_)  # agents whose next episode has not begun
        self._stride = 0
        self._agents = {name: agent for agent, name in enumerate(spec.agent_ids)}
        self._each_alone = each_alone

    def renumber(self, trace: Trace) -> Trace:
        """A recorded episode by the evaluation's number; a stock game counts those of each agent alone."""
        if not self._each_alone:
            return trace
        return replace(trace, episode=trace.episode + int(self._ahead[self._agents[trace.agents[0].name]]))

    def reset(self, first_episode: int, stride: int) -> None:
        """Let all agents begin their first episode; later episodes have numbers `stride` apart."""
        self.episodes[:] = first_episode + self.arenas
        self._stride = stride
        self._waiting[:] = True

    def act(self, state: StepResult) -> list[NDArray[np.float32]]:
        """Actions for every group. Actors first learn which of their agents have begun an episode."""
        begun = self._waiting & state.active
        self._waiting &= ~begun
        actions = [np.zeros(size, np.float32) for size in self._sizes]
        for plan, actor, limits in self._slots:
            rows = np.flatnonzero(begun[plan.agents])
            if rows.size:
                actor.begin(rows, self.episodes[plan.agents[rows]])
            decided = np.clip(actor.act(plan.gather(state.observations)), *limits)
            plan.scatter(decided, actions)
        return actions

    def end(self, agent: EndedAgent) -> int:
        """Record that an agent's episode is over and return its number.

        Raises ProtocolError if the game's number of the episode differs.
        """
        episode = int(self.episodes[agent.agent])
        said = int(agent.metrics["episode"]) + int(self._ahead[agent.agent])
        if episode != said:
            raise ProtocolError(f"agent {agent.agent} ended episode {said}, but was to play episode {episode}")
        self.episodes[agent.agent] += self._stride
        self._waiting[agent.agent] = True
        return episode


def play_shard(
    game: Game, worker: EvaluationWorker, shard: Shard, seed: int, clock: Clock, tape: Tape = NO_TAPE
) -> None:
    """Play until the shard is finished or the evaluation is stopped. Episodes that exceed its bounds are given up.

    `tape` says what is recorded, and receives it. Raises GameError.
    """
    first, stride = shard.first_episode, shard.schedule.stride
    if tape.recording != NOTHING:
        game.traces(tape.recording)
    state = game.reset(seed, first, stride)
    worker.reset(first, stride)
    ages = np.zeros(shard.schedule.arenas, np.int64)  # decisions since the last end of an episode in each arena
    waiting: deque[Callable[[], None]] = deque()  # recorded episodes on their way to the tape's sink
    try:
        while not shard.finished and clock.goes_on():
            state = _step(game, worker.act(state), waiting)
            ages += 1
            recorded = False
            for agent in state.ended:
                episode = worker.end(agent)
                ages[worker.arenas[agent.agent]] = 0
                cut = bool(state.truncated[agent.agent])
                if shard.record(episode, int(worker.places[agent.agent]), agent.metrics, cut):
                    recorded |= episode < tape.recording.below
                    clock.finished(1)
            if recorded:
                waiting += tape.keep(game, shard, worker.renumber)
            stuck = np.flatnonzero(ages == clock.max_decisions)
            if stuck.size:
                shard.give_up(stuck.tolist(), f"evaluation.max_decisions: {clock.max_decisions:,}")
    finally:
        while waiting:
            waiting.popleft()()
    if clock.out_of_time():
        shard.give_up(range(len(ages)), f"evaluation.max_time_s: {clock.max_time_s:,.6g}")


def _step(game: Game, actions: Sequence[NDArray[np.float32]], waiting: deque[Callable[[], None]]) -> StepResult:
    """Step the game, and while it works, do the first of what waits."""
    if not waiting:
        return game.step(actions)
    game.send(actions)
    waiting.popleft()()
    return game.receive()
