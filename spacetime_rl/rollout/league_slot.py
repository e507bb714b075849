"""A policy slot some of whose agents are played by frozen players."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.fragments import Decision, PolicyFragment, State
from spacetime_rl.rollout.frozen import FrozenPlayer, FrozenPlayers, Playing
from spacetime_rl.rollout.matches import Matches
from spacetime_rl.rollout.policy_slot import Decide, PolicySlot


class LeagueSlot(PolicySlot):
    """Lets the latest policy decide for its own agents, and frozen players for theirs, as `matches` says.

    The decisions of frozen players' agents are recorded as zeros; they are no part of any episode that is learned from.
    """

    def __init__(self, plan: PolicyPlan, actor: PolicyActor, matches: Matches, frozen: FrozenPlayers) -> None:
        super().__init__(plan, actor)
        self._matches = matches
        self._frozen = frozen
        self._drawn = -1  # the draws of `matches` that `_own` and `_playing` are of
        self._own: NDArray[np.int64] = np.arange(len(plan.agents))
        self._playing: Playing | None = None  # None while the latest policy plays all agents
        self._seated: dict[str, FrozenPlayer] = {}  # by id; directives may not name them any more
        self._states: dict[str, State] = {}  # by the `memory` of players

    def begin_episodes(self) -> None:
        """Reset ages and recurrent states, also those of frozen players."""
        super().begin_episodes()
        self._states.clear()

    def decide(self, now: StepResult, decide: Decide, actions: Sequence[NDArray[np.float32]]) -> None:
        """Decide on the agents' observations in `now`, and write the result into the game's `actions`."""
        if self._drawn != self._matches.drawn:
            self._seat()
        if self._playing is None:
            super().decide(now, decide, actions)
            return
        self._seen = np.array(self.plan.gather(now.observations))
        own = self._own if len(self._own) else np.arange(1)  # one row shows how wide a decision is
        decided = decide(self._actor, self._seen[own], {key: value[own] for key, value in self._state.items()})
        self._decision = _spread(decided, own, len(self._seen))
        self._state = self._decision.state
        waiting = ~now.active[self.plan.agents]
        for state in (self._state, *self._states.values()):
            for value in state.values():
                value[waiting] = 0.0
        acted = self._decision.actions.copy()
        self._playing.act(self._seen, self._states, acted)
        self._send(acted, actions)

    def end_episodes(self, step: int, ended: Sequence[EndedAgent], fragment: PolicyFragment) -> None:
        """Record final observations as every slot does, and reset the recurrent states of frozen players, too."""
        super().end_episodes(step, ended, fragment)
        rows = [self._row_of[agent.agent] for agent in ended if agent.agent in self._row_of]
        for state in self._states.values():
            for value in state.values():
                value[rows] = 0.0

    def _seat(self) -> None:
        """Find out who plays which rows since the last draw."""
        self._drawn = self._matches.drawn
        agents = self.plan.agents
        latest = self._matches.latest[agents]
        rows = np.flatnonzero(~latest)
        self._own = np.flatnonzero(latest)
        if not len(rows):
            self._playing, self._seated, self._states = None, {}, {}
            return
        names = [str(name) for name in self._matches.players[agents[rows]]]
        seated = self._seated
        self._seated = {
            name: seated[name] if name in seated else self._frozen.find(self.plan.name, name) for name in set(names)
        }
        players = [self._seated[name] for name in names]
        self._playing = Playing(rows, players, self._frozen.rng)
        kept = self._states
        self._states = {
            player.memory: kept[player.memory] if player.memory in kept else player.initial_state(len(agents))
            for player in self._seated.values()
        }


def _spread(decision: Decision, rows: NDArray[np.int64], agents: int) -> Decision:
    """The decision for the agents in `rows` among zeros for all others."""

    def spread(values: NDArray[np.float32]) -> NDArray[np.float32]:
        whole = np.zeros((agents, *values.shape[1:]), np.float32)
        whole[rows] = values
        return whole

    state = {key: spread(value) for key, value in decision.state.items()}
    return Decision(spread(decision.actions), spread(decision.logps), spread(decision.inputs), state)
