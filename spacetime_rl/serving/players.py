"""What decides for the games: an exported policy, or the random policy."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.export.schema import PolicySchema
from spacetime_rl.export.session import make_session
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import mode_numpy, plan_actions, random_actions, sample_numpy, squash
from spacetime_rl.modules.masked import redraw_masked

Floats = NDArray[np.float32]


class Decided(NamedTuple):
    """Actions float32 [n, action_size], their log-probabilities [n] or None, and the new recurrent state [n, s].

    Numbers are in [-1, 1], except those that come with a log-probability, which is theirs before they are clipped.
    """

    actions: Floats
    logps: Floats | None
    state: Floats


class Player(Protocol):
    """Decides for the agents of one policy, of any number of games at once."""

    layout: PolicyLayout
    state_size: int  # floats of recurrent state an agent; 0 without
    version: int  # grows whenever the policy has learned

    def decide(self, observations: Floats, state: Floats) -> Decided:
        """Decide for observations [n, obs_dim] with recurrent state [n, state_size]."""


class OnnxPlayer:
    """An exported policy: its most probable actions or, if `stochastic`, actions that are drawn as in training."""

    version = 0

    def __init__(self, file: Path, schema: PolicySchema, rng: np.random.Generator, stochastic: bool) -> None:
        self.layout = schema.layout
        self.state_size = schema.state_size
        self._schema = schema
        self._session = make_session(file)
        self._rng = rng
        self._stochastic = stochastic

    def decide(self, observations: Floats, state: Floats) -> Decided:
        """One forward pass for all rows."""
        given = state if self.state_size else np.zeros(len(observations), np.float32)
        inputs = {"state_ins": given, **self._schema.feed(observations)}
        distribution, after = self._session.run(["distribution", "state_outs"], inputs)
        after = after if self.state_size else state
        if not self._stochastic:
            return Decided(mode_numpy(distribution, self.layout.actions, self._schema.squashed), None, after)
        drawn = sample_numpy(distribution, self.layout.actions, self._rng)[0]
        if self._schema.squashed:
            return Decided(squash(drawn, self.layout.actions), None, after)
        numbers = plan_actions(self.layout.actions).columns
        drawn[:, numbers] = np.clip(drawn[:, numbers], -1.0, 1.0)
        return Decided(drawn, None, after)


class RandomPlayer:
    """The random policy: all actions that are allowed are equally likely."""

    version = 0
    state_size = 0

    def __init__(self, layout: PolicyLayout, rng: np.random.Generator) -> None:
        self.layout = layout
        self._rng = rng

    def decide(self, observations: Floats, state: Floats) -> Decided:
        """Draw; of the observations only the masks matter."""
        agents = len(observations)
        actions = random_actions(agents, self.layout.actions, self._rng)
        redraw_masked(actions, observations, self.layout, lambda _: self._rng.random(agents, np.float32))
        return Decided(actions, None, state)
