"""Episodes of training that are recorded: taken from a game after a fragment, and written to files."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from spacetime_rl.episodes.recorder import Recorder
from spacetime_rl.errors import RecordingError
from spacetime_rl.game.api import EndedAgent, Game
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import everything
from spacetime_rl.rollout.lesson import Lesson
from spacetime_rl.rollout.matches import MatchResult

_log = logging.getLogger(__name__)


class TrainingTape:
    """Records every n-th episode of one game. A file that cannot be written ends the recording, not the training.

    Files are written while the game works, one a decision, so that nobody waits for them.
    """

    def __init__(self, recorder: Recorder, every: int, game: Game, seed: int, place: str) -> None:
        """`place` names the game among those of the run. Call it before the game's first reset."""
        self._recorder: Recorder | None = replace(recorder, seed=seed, folder=recorder.folder / f"{place}-{seed}")
        self._recording = everything(every=every)
        self._every = every
        self._metrics: dict[int, dict[str, dict[str, float]]] = {}  # by episode and agent, until it is recorded
        self._waiting: deque[Callable[[], None]] = deque()  # each writes a file
        self._skipped: set[int] = set()  # episodes that began with the parameters of an earlier lesson
        self._names = _names(game.spec)
        if game.spec.is_stock:
            _log.warning("rollout.record_every: episodes of a stock game are recorded by `eval --record` only")
            self._recorder = None
            return
        game.traces(self._recording)

    def begin_lesson(self, lesson: Lesson, game: Game) -> None:
        """Episodes that begin from now on are played with the lesson's parameters; running ones are not written."""
        if self._recorder is not None:
            self._recorder = replace(self._recorder, params=lesson.params)
            self._skipped = {trace.episode for trace in game.traces(self._recording, unfinished=True)}

    def take(self, game: Game, ended: Sequence[EndedAgent], matches: Sequence[MatchResult] = ()) -> None:
        """Take the recorded episodes that ended in a fragment, in which these agents' episodes ended, to be written.

        Episodes of `matches`, which ended in it, too, are written with the names of their players.
        """
        if self._recorder is None:
            return
        met = {match.episode: ", ".join(player for _, player in match.sides) for match in matches}
        for agent in ended:
            number = int(agent.metrics["episode"])
            if number % self._every == 0:
                self._metrics.setdefault(number, {})[self._names[agent.agent]] = agent.metrics
        for trace in game.traces(self._recording):
            metrics = self._metrics.pop(trace.episode, {})
            if trace.episode not in self._skipped:
                recorder = self._recorder
                if trace.episode in met:
                    recorder = replace(recorder, player=f"{recorder.player}: {met[trace.episode]}")
                self._waiting.append(partial(recorder, game.spec, trace, metrics))

    def write_one(self) -> None:
        """Write one of the episodes that wait for it, if there is any."""
        if not self._waiting:
            return
        try:
            self._waiting.popleft()()
        except RecordingError as error:
            _log.warning("no more episodes are recorded: %s", error)
            self._recorder = None
            self._waiting.clear()

    def close(self) -> None:
        """Write all episodes that wait for it."""
        while self._waiting:
            self.write_one()


def _names(spec: GameSpec) -> list[str]:
    """The name of every agent in its arena, in the global order."""
    return [name for group in spec.groups for _ in range(spec.arenas) for name in group.agents]
