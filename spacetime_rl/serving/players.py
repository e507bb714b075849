"""What decides for the games: an exported policy, or the random policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ExportError
from spacetime_rl.evaluation.sources import compare_layouts
from spacetime_rl.export.schema import PolicySchema, read_schema
from spacetime_rl.export.session import make_session
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.modules.actions import mode_numpy, plan_actions, random_actions, sample_numpy, squash
from spacetime_rl.modules.masked import redraw_masked
from spacetime_rl.runs.layout import schema_file

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
    """An exported policy: its most probable actions or, if `stochastic`, actions that are drawn as in training.

    `version` grows when its files were written anew, and are used from then on.
    """

    def __init__(self, file: Path, schema: PolicySchema, rng: np.random.Generator, stochastic: bool) -> None:
        self.layout = schema.layout
        self.state_size = schema.state_size
        self.version = 0
        self.file = file
        self._rng = rng
        self._stochastic = stochastic
        self._stamp = self._seen = _stamp(file)
        self._schema = schema
        self._session = make_session(file)

    def decide(self, observations: Floats, state: Floats) -> Decided:
        """One forward pass for all rows."""
        distribution, after = _compute(self._session, self._schema, observations, state)
        if not self._stochastic:
            return Decided(mode_numpy(distribution, self.layout.actions, self._schema.squashed), None, after)
        drawn = sample_numpy(distribution, self.layout.actions, self._rng)[0]
        if self._schema.squashed:
            return Decided(squash(drawn, self.layout.actions), None, after)
        numbers = plan_actions(self.layout.actions).columns
        drawn[:, numbers] = np.clip(drawn[:, numbers], -1.0, 1.0)
        return Decided(drawn, None, after)

    def is_outdated(self) -> bool:
        """Whether the files are others than those that play. Files that change from look to look are still written."""
        before, self._seen = self._seen, _stamp(self.file)
        return self._seen == before and self._seen not in (None, self._stamp)

    def read_again(self) -> Reading:
        """Read the files as they are now, in any thread. Raises ExportError where they cannot take this one's place."""
        self._stamp = self._seen
        schema = read_schema(schema_file(self.file.parent, self.file.stem))
        problems = list(compare_layouts(self.layout, schema.layout))
        if problems or schema.state_size != self.state_size:
            raise ExportError(f"{self.file}: it is for another game: {'; '.join(problems) or 'another memory'}")
        try:
            session = make_session(self.file)
            seen, state = (np.zeros((1, size), np.float32) for size in (schema.layout.obs_dim, schema.state_size))
            _compute(session, schema, seen, state)
        except Exception as error:  # onnxruntime's errors have no class of their own
            raise ExportError(f"{self.file}: no policy that can be computed: {str(error)[:300]}") from error
        return Reading(session, schema)

    def take(self, read: Reading) -> None:
        """Decide by what was read, from the next decision on."""
        self._session, self._schema = read.session, read.schema
        self.version += 1


class Reading(NamedTuple):
    """What a policy's files say."""

    session: Any
    schema: PolicySchema


def _compute(session: Any, schema: PolicySchema, observations: Floats, state: Floats) -> tuple[Floats, Floats]:
    """The distribution of each row, and the new recurrent state, which is `state` where there is none."""
    given = state if schema.state_size else np.zeros(len(observations), np.float32)
    distribution, after = session.run(["distribution", "state_outs"], {"state_ins": given, **schema.feed(observations)})
    return distribution, after if schema.state_size else state


def _stamp(file: Path) -> tuple[int, ...] | None:
    """When the files of a policy were written, and their sizes; None while one is missing."""
    try:
        found = [part.stat() for part in (file, schema_file(file.parent, file.stem))]
    except OSError:
        return None
    return tuple(number for part in found for number in (part.st_mtime_ns, part.st_size))


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
