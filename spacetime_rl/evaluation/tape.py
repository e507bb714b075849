"""What an evaluation records of its episodes, and who receives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from spacetime_rl.evaluation.schedule import Metrics, Shard
from spacetime_rl.game.api import Game
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import NOTHING, Recording, Trace, everything

# Receives every recorded episode when it ends, with its agents' metrics by their names. Called by several threads.
Sink = Callable[[GameSpec, Trace, Mapping[str, Metrics]], None]


@dataclass(frozen=True, slots=True)
class Tape:
    """What the games record, how many of the episodes the report keeps, and who receives all of them."""

    recording: Recording = NOTHING
    kept: int = 0
    sink: Sink | None = None

    def keep(self, game: Game, shard: Shard, renumber: Callable[[Trace], Trace]) -> list[Callable[[], None]]:
        """Take the episodes that have ended from the game; of one that was played twice, the first recording counts.

        `renumber` gives an episode the evaluation's number. Returns what gives each of them to the sink, for a moment
        in which nobody waits.
        """
        waiting: list[Callable[[], None]] = []
        for trace in map(renumber, game.traces(self.recording)):
            if trace.episode in shard.recorded or not shard.has_played(trace.episode):
                continue
            shard.recorded.add(trace.episode)
            if trace.episode < self.kept and not game.spec.is_stock:  # its pictures would have no places
                shard.traces[trace.episode] = trace
            if self.sink is not None:
                metrics = shard.metrics_of(trace.episode)
                names = [name for group in game.spec.groups for name in group.agents]
                if game.spec.is_stock:
                    names = [agent.name for agent in trace.agents]
                named = {names[place]: metrics[place] for place in metrics}
                waiting.append(partial(self.sink, game.spec, trace, named))
        return waiting


NO_TAPE = Tape()


def make_tape(episodes: int, kept: int, sink: Sink | None) -> Tape:
    """The tape of an evaluation: places and actions of the first `kept` episodes, or everything of all for a sink."""
    if sink is None:
        return Tape(Recording(min(kept, episodes)), kept)
    return Tape(everything(episodes), kept, sink)
