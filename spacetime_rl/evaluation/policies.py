"""Actors: exported policies and the random policy. An agent's action does not depend on the rest of its batch."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.export.schema import PolicySchema
from spacetime_rl.export.session import make_session
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import mode_numpy, plan_actions, shape_noise, squash
from spacetime_rl.modules.masked import redraw_masked

Floats = NDArray[np.float32]


class Actor(Protocol):
    """Acts for the n agents of one policy in one game."""

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """The agents in `rows` begin the episodes with the numbers `episodes`."""

    def act(self, observations: Floats) -> Floats:
        """Actions [n, action_size] for observations [n, obs_dim]."""


class AgentGenerators:
    """Random generators, one per agent, seeded anew at every episode.

    The seed of a generator depends only on the evaluation's seed, the episode and the agent's index in its arena;
    `places` holds these indices, int64 [n].
    """

    def __init__(self, seed: int, places: NDArray[np.int64]) -> None:
        self._seed = seed
        self._places = places.tolist()
        self._rngs = [np.random.default_rng() for _ in self._places]

    @property
    def agents(self) -> int:
        """The number of agents."""
        return len(self._rngs)

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """Seed the generators of the agents in `rows` for the episodes with the numbers `episodes`."""
        for row, episode in zip(rows.tolist(), episodes.tolist(), strict=True):
            self._rngs[row] = np.random.default_rng([self._seed, episode, self._places[row]])

    def uniform(self, count: int) -> Floats:
        """Uniform numbers in [0, 1), float32 [n, count]."""
        return np.stack([rng.random(count, np.float32) for rng in self._rngs])

    def normal(self, count: int) -> Floats:
        """Standard normal numbers, float32 [n, count]."""
        return np.stack([rng.standard_normal(count, np.float32) for rng in self._rngs])


class IdleActor:
    """Sends zeros: for games whose own scripts move the agents."""

    def __init__(self, layout: PolicyLayout) -> None:
        self._size = layout.action_size

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """Do nothing: there is no state to reset."""

    def act(self, observations: Floats) -> Floats:
        """Return zeros, float32 [n, action_size]."""
        return np.zeros((len(observations), self._size), np.float32)


class RandomActor:
    """The random policy: at every decision, all actions that are allowed are equally likely."""

    def __init__(self, layout: PolicyLayout, generators: AgentGenerators) -> None:
        self._generators = generators
        self._choices = np.array([field.size for field in layout.actions if field.kind == "discrete"], np.float32)
        kinds = [field.kind for field in layout.actions for _ in range(field.width)]
        self._discrete = np.array(kinds) == "discrete"
        self._layout = layout

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """Seed the random generators for these episodes."""
        self._generators.begin(rows, episodes)

    def act(self, observations: Floats) -> Floats:
        """Return random actions; of the observations only the masks matter."""
        drawn = self._generators.uniform(len(self._discrete))
        actions = 2.0 * drawn - 1.0
        # The minimum is for float32: a product just below the number of choices may be rounded up to it.
        actions[:, self._discrete] = np.minimum(np.floor(drawn[:, self._discrete] * self._choices), self._choices - 1)
        redraw_masked(actions, observations, self._layout, lambda column: drawn[:, column])
        return actions


class OnnxActor:
    """An exported policy: its most probable actions, or samples if it is given `generators`.

    An agent's action is computed on the first and then on every `every`-th decision of its episode, and held between.
    """

    def __init__(
        self,
        path: Path,
        schema: PolicySchema,
        agents: int,
        generators: AgentGenerators | None = None,
        every: int = 1,
    ) -> None:
        self._session = make_session(path)
        self._layout = schema.layout
        self._squashed = schema.squashed
        self._schema = schema
        self._plan = plan_actions(schema.layout.actions)
        self._generators = generators
        self._state = np.zeros((agents, schema.state_size) if schema.state_size else agents, np.float32)
        self._every = every
        self._ages = np.zeros(agents, np.int64)  # decisions of each agent's running episode
        self._held = np.zeros((agents, schema.layout.action_size), np.float32)

    def begin(self, rows: NDArray[np.int64], episodes: NDArray[np.int64]) -> None:
        """Set the recurrent state of these rows to zeros, and seed their random generators, if any."""
        self._state[rows] = 0.0
        self._ages[rows] = 0
        if self._generators:
            self._generators.begin(rows, episodes)

    def act(self, observations: Floats) -> Floats:
        """Return the policy's most probable actions, or samples, and keep its recurrent state."""
        if self._every == 1:
            return self._decide(observations, np.arange(len(observations)))
        rows = np.flatnonzero(self._ages % self._every == 0)
        self._ages += 1
        if rows.size:
            self._held[rows] = self._decide(observations[rows], rows)
        return self._held.copy()

    def _decide(self, observations: Floats, rows: NDArray[np.int64]) -> Floats:
        """The actions of the agents in `rows`, whose observations these are."""
        inputs = {"state_ins": self._state[rows], **self._schema.feed(observations)}
        distribution, self._state[rows] = self._session.run(["distribution", "state_outs"], inputs)
        if self._generators is None:
            return mode_numpy(distribution, self._layout.actions, self._squashed)
        normals = self._generators.normal(len(self._plan.means))[rows]
        uniforms = self._generators.uniform(len(self._plan.choices))[rows]
        drawn = shape_noise(distribution, self._layout.actions, normals, uniforms)[0]
        return squash(drawn, self._layout.actions) if self._squashed else drawn
