"""The server's view of policies that learn: they decide as in training, and games' transitions become experience."""

from __future__ import annotations

import threading
from collections.abc import Mapping

import numpy as np

from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.live.experience import Experience, Floats, Step, ending_of
from spacetime_rl.modules.actions import logps_numpy
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.fragments import State
from spacetime_rl.serving.messages import BadMessage
from spacetime_rl.serving.players import Decided
from spacetime_rl.serving.transitions import PolicyTransitions, Transitions, count


class LearningPlayer:
    """A policy whose weights change while it plays; `lock` is held while they do."""

    def __init__(self, layout: PolicyLayout, actor: PolicyActor, lock: threading.RLock) -> None:
        self.layout = layout
        self.version = 0
        self._actor = actor
        self._lock = lock
        self._shapes = {key: value.shape[1] for key, value in actor.initial_state(1).items()}
        self.state_size = sum(self._shapes.values())

    def decide(self, observations: Floats, state: Floats) -> Decided:
        """Draw actions as in training, with their log-probabilities; numbers are not clipped."""
        with self._lock:
            decision = self._actor.decide(observations, self._split(state))
        after = np.concatenate(list(decision.state.values()), -1) if self.state_size else state
        return Decided(decision.actions, decision.logps, after)

    def initial_state(self) -> State:
        """The recurrent state of one agent at an episode's beginning, without the agents' dimension."""
        return {key: value[0] for key, value in self._actor.initial_state(1).items()}

    def infer(self, observations: Floats, state: State) -> tuple[Floats, State]:
        """The distribution's inputs for observations [n, obs_dim], and the new recurrent state."""
        with self._lock:
            return self._actor.infer(observations, state)

    def _split(self, state: Floats) -> State:
        parts: State = {}
        begin = 0
        for key, size in self._shapes.items():
            parts[key] = np.ascontiguousarray(state[:, begin : begin + size])
            begin += size
        return parts


class LiveLearner:
    """Turns transitions into experience. What games repeat of an action's log-probability is kept as it is.

    The inputs of the action's distribution are computed anew, with the policy as it is when the transition comes: they
    weigh in PPO's penalty and its measure of how far a policy has moved, not in the ratio of its loss.
    """

    def __init__(self, players: Mapping[str, LearningPlayer], experience: Experience) -> None:
        self._players = players
        self._experience = experience

    def take(self, guest: str, transitions: Transitions) -> None:
        """Add the transitions of a message. Raises BadMessage if the learner cannot keep up."""
        if count(transitions) > self._experience.room:
            raise BadMessage("busy", "the learner is busy, and enough transitions wait; these are not learned from")
        for policy, own in transitions.items():
            if self._players[policy].state_size:
                self._take_in_turn(guest, policy, own)
            else:
                self._take_at_once(guest, policy, own)

    def leave(self, guest: str) -> None:
        """Cut what the game's agents were in the middle of."""
        self._experience.leave(guest)

    def _take_at_once(self, guest: str, policy: str, own: PolicyTransitions) -> None:
        inputs, _ = self._players[policy].infer(own.observations, {})
        logps = own.logps
        if logps is None:
            logps = logps_numpy(inputs, own.actions, self._players[policy].layout.actions)
        for row, agent in enumerate(own.agents):
            self._experience.track(guest, agent, policy, own.observations[row], {})
            self._add(guest, own, row, inputs[row], float(logps[row]), {})

    def _take_in_turn(self, guest: str, policy: str, own: PolicyTransitions) -> None:
        """With a recurrent state, every decision of an agent needs the one before."""
        player = self._players[policy]
        for row, agent in enumerate(own.agents):
            seen = own.observations[row]
            track = self._experience.track(guest, agent, policy, seen, player.initial_state())
            state = {key: value[None] for key, value in track.state.items()}
            inputs, after = player.infer(seen[None], state)
            logp = logps_numpy(inputs, own.actions[row : row + 1], player.layout.actions)[0]
            if own.logps is not None:
                logp = own.logps[row]
            self._add(guest, own, row, inputs[0], float(logp), {key: value[0] for key, value in after.items()})

    def _add(self, guest: str, own: PolicyTransitions, row: int, inputs: Floats, logp: float, state: State) -> None:
        step = Step(
            own.observations[row],
            own.actions[row],
            float(own.rewards[row]),
            own.next_observations[row],
            ending_of(bool(own.terminated[row]), bool(own.truncated[row])),
            logp,
            inputs,
            state,
        )
        self._experience.add(guest, own.agents[row], step, own.measured.get(row))
