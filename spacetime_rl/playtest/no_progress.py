"""The oracle that reports an agent which goes about and gets nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from spacetime_rl.config.playtest import NoProgressConfig
from spacetime_rl.game.trace import AgentTrace, Floats
from spacetime_rl.playtest.places import Map
from spacetime_rl.playtest.sighting import Played, Sighting

_AIMLESS = "random"  # a player that is not meant to get anywhere


class NoProgress:
    """An agent comes to no new map cell and earns nothing for a while. Random players are not asked for progress.

    A stock game has no reward terms. There it is progress if what an agent has earned so far, or what a decision
    earned, is more than ever before in the episode: a game may pay by how far a goal is away, always less than 0.
    """

    name = "no_progress"

    def __init__(self, config: NoProgressConfig) -> None:
        self._config = config

    def examine(self, played: Played) -> Iterator[Sighting]:
        """The first agent of every policy that makes no progress."""
        trace = played.episode.trace
        reported: set[str] = set()
        for agent in trace.agents:
            if played.episode.player == _AIMLESS or agent.policy in reported or not len(agent.ticks):
                continue
            row = self._first_row(agent, Map(trace), self._config.seconds * trace.physics_hz)
            if row is not None:
                reported.add(agent.policy)
                message = f"{agent.name} earned nothing and saw nothing new for {self._config.seconds:g} s"
                decision = played.episode.decision_of(int(agent.ticks[row]))
                yield Sighting(self.name, f"{self.name}:{agent.policy}", "warning", message, decision, agent.name)

    def _first_row(self, agent: AgentTrace, places: Map, ticks: float) -> int | None:
        """The row at which the agent's last progress is this many ticks ago."""
        seen: set[str] = set()
        rewards = _rewards(agent)
        best = {term: float(sums[0]) for term, sums in rewards.items()}
        last = int(agent.ticks[0])
        for row in range(len(agent.ticks)):
            cell = places.cell(agent.positions[row])
            gains = [term for term, sums in rewards.items() if sums[row] > best[term] + np.float32(1e-6)]
            if cell not in seen or gains:
                last = int(agent.ticks[row])
            seen.add(cell)
            best |= {term: float(rewards[term][row]) for term in gains}
            if agent.ticks[row] - last >= ticks:
                return row
        return None


def _rewards(agent: AgentTrace) -> Mapping[str, Floats]:
    """What may grow when an agent makes progress, float32 [rows] each."""
    if agent.rewards or agent.decision_rewards is None:
        return agent.rewards
    earned = agent.decision_rewards.copy()
    if len(earned) > 1:
        earned[0] = earned[1]  # nothing was earned at the beginning, which is no best
    return {"": np.cumsum(agent.decision_rewards, dtype=np.float32), "each": earned}
