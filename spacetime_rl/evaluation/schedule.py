"""The assignment of episodes to games, and their results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from spacetime_rl.game.trace import Trace

Metrics = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Schedule:
    """The assignment of episodes, numbered from 0, to the arenas of several games.

    Arena a of game g plays episode g * arenas + a and then every `stride`-th episode. The number of episodes in an
    arena does not depend on their lengths, so that short episodes are not over-represented.
    """

    episodes: int
    games: int
    arenas: int

    @property
    def stride(self) -> int:
        """The number of arenas in all games together."""
        return self.games * self.arenas

    def shard(self, game: int, agents: int) -> Shard:
        """The shard of one game; each of its arenas has `agents` agents."""
        return Shard(self, game, agents)


def make_schedule(episodes: int, games: int, arenas: int) -> Schedule:
    """Assign the episodes to at most `games` games, so that every game has at least one."""
    return Schedule(episodes, min(games, -(-episodes // arenas)), arenas)


class Shard:
    """The episodes of one game: the missing ones, and each agent's metrics in the finished ones."""

    def __init__(self, schedule: Schedule, game: int, agents: int) -> None:
        self.schedule = schedule
        self.traces: dict[int, Trace] = {}  # by episode, those for the report
        self.recorded: set[int] = set()  # episodes of which a recording was received
        self.cut_off = 0  # episodes that were given up after they had begun
        self.not_begun = 0  # later episodes of the same arenas
        self.reason = ""  # the setting that caused it
        self.truncated: set[tuple[int, int]] = set()  # episode and agent, if the episode ended at a limit
        self._game, self._agents = game, agents
        self._found: dict[tuple[int, int], Metrics] = {}  # by episode and the agent's index in its arena
        numbers = (e for e in range(schedule.episodes) if e % schedule.stride // schedule.arenas == game)
        self._missing = {episode: set(range(agents)) for episode in numbers}
        self._given_up: set[int] = set()

    @property
    def finished(self) -> bool:
        """Whether every episode is finished by all agents, or given up."""
        return not self._missing

    @property
    def first_episode(self) -> int:
        """The number of the first episode to start or restart the game with, so that it plays all missing ones."""
        stride = self.schedule.stride
        return min(self._missing) // stride * stride + self._game * self.schedule.arenas

    @property
    def results(self) -> dict[tuple[int, int], Metrics]:
        """Agents' metrics in finished episodes, by the episode's number and the agent's index in its arena."""
        unfinished = self._given_up | self._missing.keys()
        return {key: metrics for key, metrics in self._found.items() if key[0] not in unfinished}

    def has_played(self, episode: int) -> bool:
        """Whether an episode of this shard is finished by all agents."""
        return all((episode, agent) in self._found for agent in range(self._agents))

    def metrics_of(self, episode: int) -> dict[int, Metrics]:
        """The agents' metrics in a finished episode, by the agent's index in its arena."""
        return {agent: self._found[episode, agent] for agent in range(self._agents)}

    def record(self, episode: int, agent: int, metrics: Metrics, truncated: bool = False) -> bool:
        """Record the end of an episode for an agent, and return whether that finished the episode.

        Episodes that are not missing, or not part of this shard, are ignored.
        """
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
        """Give up all missing episodes of some arenas. One per arena has begun and counts as `cut_off`."""
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
