"""Which game plays which episodes, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spacetime_rl.game.trace import Trace

Metrics = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """`episodes` episodes, numbered from 0, dealt out over the arenas of several games.

    Arena a of game g plays g * arenas + a and then every `stride`-th: how many episodes an arena plays does not depend
    on how long they last, so short ones are not preferred.
    """

    episodes: int
    games: int
    arenas: int

    @property
    def stride(self) -> int:
        """Arenas of all games."""
        return self.games * self.arenas

    def share(self, game: int, agents: int) -> Share:
        """The part of one game, whose arenas have this many agents."""
        return Share(self, game, agents)


def make_schedule(episodes: int, games: int, arenas: int) -> Schedule:
    """Deal out the episodes over `games` games at most: none is without any."""
    return Schedule(episodes, min(games, -(-episodes // arenas)), arenas)


class Share:
    """The episodes of one game: what is still to be played, and the metrics of each agent in those that are over."""

    def __init__(self, schedule: Schedule, game: int, agents: int) -> None:
        self.schedule = schedule
        self.traces: dict[int, Trace] = {}  # by episode
        self.cut_off = 0  # episodes that had begun and were given up
        self.not_begun = 0  # episodes that came after these
        self.reason = ""  # why
        self.truncated: set[tuple[int, int]] = set()  # episode and agent, where it ended at a limit
        self._game = game
        self._found: dict[tuple[int, int], Metrics] = {}  # by episode and agent of the arena
        numbers = (e for e in range(schedule.episodes) if e % schedule.stride // schedule.arenas == game)
        self._missing = {episode: set(range(agents)) for episode in numbers}
        self._given_up: set[int] = set()

    @property
    def finished(self) -> bool:
        """Whether every episode is over for every agent, or given up."""
        return not self._missing

    @property
    def first_episode(self) -> int:
        """Where the game has to begin, or to begin again, to play all that is missing."""
        stride = self.schedule.stride
        return min(self._missing) // stride * stride + self._game * self.schedule.arenas

    @property
    def results(self) -> dict[tuple[int, int], Metrics]:
        """The metrics of every agent, by episode and agent of the arena, in the episodes that are over for all."""
        unfinished = self._given_up | self._missing.keys()
        return {key: metrics for key, metrics in self._found.items() if key[0] not in unfinished}

    def keep(self, traces: Iterable[Trace]) -> None:
        """Keep what was recorded of episodes; of one that was played twice the first."""
        for trace in traces:
            self.traces.setdefault(trace.episode, trace)

    def record(self, episode: int, agent: int, metrics: Metrics, truncated: bool = False) -> bool:
        """Note how an episode ended for an agent; whether that was the episode's last one. Others are not counted."""
        missing = self._missing.get(episode)
        if missing is None or agent not in missing:
            return False
        self._found[episode, agent] = metrics
        if truncated:
            self.truncated.add((episode, agent))
        missing.remove(agent)
        if not missing:
            del self._missing[episode]
        return not missing

    def give_up(self, arenas: Iterable[int], reason: str) -> None:
        """Play nothing more in some arenas of the game: of each, one missing episode is under way."""
        for arena in arenas:
            lost = [episode for episode in self._missing if episode % self.schedule.arenas == arena]
            if not lost:
                continue
            self.cut_off += 1
            self.not_begun += len(lost) - 1
            self.reason = reason
            self._given_up.update(lost)
            for episode in lost:
                del self._missing[episode]
