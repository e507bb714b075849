"""What connected games experienced, agent by agent, until the learner takes it as pieces of episodes."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.rollout.fragments import RUNNING, TERMINATED, TRUNCATED, State

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Step:
    """One decision of an agent, and what came of it."""

    observation: Floats  # [obs_dim]
    action: Floats  # [action_size]
    reward: float
    next_observation: Floats  # [obs_dim]
    ending: int  # RUNNING, TERMINATED or TRUNCATED
    logp: float
    inputs: Floats  # [inputs_dim] of the action's distribution
    state: Mapping[str, Floats]  # recurrent, after the decision; empty for a stateless policy


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive decisions of one agent in one episode; `age` decisions came before them."""

    policy: str
    agent: str
    steps: Sequence[Step]
    age: int
    before: Mapping[str, Floats]  # the recurrent state before the first decision


@dataclass(frozen=True, slots=True)
class Ended:
    """An episode that ended: its policy, and its metrics, `return` and `length` among them."""

    policy: str
    final_observation: Floats
    metrics: Mapping[str, float]


@dataclass(slots=True)
class Track:
    """One agent's running episode."""

    policy: str
    age: int = 0  # decisions of the episode that pieces before have
    earned: float = 0.0
    length: int = 0
    steps: list[Step] = field(default_factory=list)
    state: State = field(default_factory=dict)  # recurrent, after the last decision
    before: State = field(default_factory=dict)  # the same, before the first of `steps`
    next_observation: Floats | None = None  # after the last decision; None where an episode begins


class Experience:
    """Filled by the server's thread, and emptied by the learner's; at most `most` decisions wait."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._tracks: dict[tuple[str, str], Track] = {}
        self._pieces: list[Piece] = []
        self._ended: list[Ended] = []
        self._steps = 0
        self._changed = threading.Condition()

    @property
    def room(self) -> int:
        """Decisions that may come until some are taken."""
        return self._most - self._steps

    def track(self, guest: str, agent: str, policy: str, observation: Floats, initial: State) -> Track:
        """The running episode of an agent that saw `observation` next.

        Another episode begins, with the recurrent state `initial`, where the last one ended, or where the observation
        is not the one that its last decision led to: decisions between them are missing.
        """
        with self._changed:
            track = self._tracks.get((guest, agent))
            follows = (
                track is not None
                and track.policy == policy
                and track.next_observation is not None
                and np.array_equal(track.next_observation, observation)
            )
            if track is None or not follows:
                if track is not None:
                    self._cut(agent, track)
                track = self._tracks[guest, agent] = Track(policy, state=dict(initial), before=dict(initial))
            return track

    def add(self, guest: str, agent: str, step: Step, measured: Mapping[str, float] | None = None) -> None:
        """Add a decision to its agent's track. `measured` are the game's metrics of an episode that ends with it."""
        with self._changed:
            track = self._tracks[guest, agent]
            track.steps.append(step)
            track.state = dict(step.state)
            track.next_observation = step.next_observation
            track.earned += step.reward
            track.length += 1
            self._steps += 1
            if step.ending != RUNNING:
                metrics = {"return": track.earned, "length": float(track.length), **(measured or {})}
                self._ended.append(Ended(track.policy, step.next_observation, {"episode": 0.0, **metrics}))
                self._cut(agent, track)
                del self._tracks[guest, agent]
            self._changed.notify_all()

    def leave(self, guest: str) -> None:
        """A game is gone: the running episodes of its agents are cut."""
        with self._changed:
            for key in [key for key in self._tracks if key[0] == guest]:
                self._cut(key[1], self._tracks.pop(key))

    def take(self, wanted: int, patience_s: float) -> tuple[list[Piece], list[Ended]]:
        """Wait until `wanted` decisions are there, at most `patience_s`, and take everything there is."""
        end = time.monotonic() + patience_s
        with self._changed:
            while self._steps < wanted and time.monotonic() < end:
                self._changed.wait(end - time.monotonic())
            for (_, agent), track in self._tracks.items():
                self._cut(agent, track)
            pieces, self._pieces = self._pieces, []
            ended, self._ended = self._ended, []
            self._steps = 0
            return pieces, ended

    def _cut(self, agent: str, track: Track) -> None:
        """Make the decisions so far a piece; the episode goes on."""
        if track.steps:
            self._pieces.append(Piece(track.policy, agent, track.steps, track.age, track.before))
            track.age += len(track.steps)
            track.steps = []
            track.before = dict(track.state)


def ending_of(terminated: bool, truncated: bool) -> int:
    """How a decision's episode goes on."""
    return TERMINATED if terminated else TRUNCATED if truncated else RUNNING
