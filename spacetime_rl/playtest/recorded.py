"""Recorded players: they play episodes again from their files, and then variations of them.

A recording is a good beginning to explore from: a person has come to places that random play does not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from spacetime_rl.contract import assign_policies
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import SUFFIX, read_episode
from spacetime_rl.episodes.replay import actions_of
from spacetime_rl.errors import EpisodeError
from spacetime_rl.evaluation.play import EvaluationWorker
from spacetime_rl.evaluation.sources import RandomSource, is_onnx_folder
from spacetime_rl.game.api import StepResult
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.playtest.play import Actions, Beginning, Seat, Setting
from spacetime_rl.playtest.sighting import Played
from spacetime_rl.runs.layout import is_run

_FILES = f"ep*{SUFFIX}"  # recorded episodes, and the recordings of findings
_MOST_WILD = 0.25  # of a recording: the longest part of it that is replaced by random actions


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A player of recorded episodes, each of which begins with its own seed and number.

    The first time each is played as it is. Later either it goes on at random from some decision, or a part of it is
    random; after its end, too, play goes on at random until the episode is over.
    """

    name: str
    files: tuple[Path, ...]
    episodes: tuple[Episode, ...]

    def recording(self, turn: int) -> Episode:
        """The recording that is played the `turn`-th time that this player plays."""
        return self.episodes[turn % len(self.episodes)]

    def check(self, spec: GameSpec, turn: int) -> None:
        """Raise EpisodeError if a game has other agents or actions than a recording."""
        try:
            actions_of(self.recording(turn), spec)
        except EpisodeError as error:
            raise EpisodeError(f"{self.files[turn]}: {error}") from error

    def play(self, seat: Seat, setting: Setting, number: int, turn: int) -> Played:
        """Play episode `number` of the playtest. Raises as `Seat.perform`."""
        recording, spec = self.recording(turn), seat.game.spec
        actions = actions_of(recording, spec)
        begin = Beginning.of(recording)
        if turn < len(self.episodes):
            rest = iter(actions)
            return seat.perform(begin, self.name, lambda _: next(rest, []))
        rng = np.random.default_rng([setting.seed, number])
        plans = assign_policies(spec, setting.config)
        at_random = EvaluationWorker(
            spec, plans, RandomSource().make_actors(spec, plans, int(rng.integers(2**31)), stochastic=False)
        )
        at_random.reset(begin.number, seat.stride)
        varied = _Varied(actions, _wild(len(actions), rng), at_random)
        return seat.perform(begin, self.name, varied.act, at_random.end)


class _Varied:
    """Recorded actions of which the decisions in `wild` are random, and random actions after their end."""

    def __init__(self, actions: Sequence[Actions], wild: range, at_random: EvaluationWorker) -> None:
        self._actions = actions
        self._wild = wild
        self._at_random = at_random
        self._decision = -1

    def act(self, state: StepResult) -> Actions:
        """The actions of the next decision."""
        self._decision += 1
        drawn = self._at_random.act(state)  # always, because it keeps count of who has begun
        recorded = self._decision < len(self._actions) and self._decision not in self._wild
        return self._actions[self._decision] if recorded else drawn


def _wild(decisions: int, rng: np.random.Generator) -> range:
    """The decisions of a recording that are random: all from one on, or a part."""
    begin = int(rng.integers(max(1, decisions)))
    if rng.random() < 0.5:
        return range(begin, decisions)
    return range(begin, begin + 1 + int(rng.integers(max(1, int(_MOST_WILD * decisions)))))


def find_recorded(name: str) -> Recorded | None:
    """The recorded player that a user names: an episode file, or a folder of them. None if it is neither.

    Raises EpisodeError for a file that is missing, damaged, or of a later version.
    """
    path = Path(name)
    if path.suffix == SUFFIX:
        files = [path]
    elif path.is_dir() and not is_onnx_folder(path) and not is_run(path):
        files = sorted(path.rglob(_FILES))
    else:
        files = []
    return Recorded(name, tuple(files), tuple(map(_read, files))) if files else None


def _read(file: Path) -> Episode:
    """A recorded episode with what is needed to play it."""
    episode = read_episode(file)
    agents = tuple(replace(agent, observations=None, images={}) for agent in episode.trace.agents)
    return replace(episode, trace=replace(episode.trace, agents=agents, part_hashes=None))
