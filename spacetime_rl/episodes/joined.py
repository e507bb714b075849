"""One episode of what a game gives as several: each agent of a stock game has an episode of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import Trace


def joined(traces: Iterable[Trace], number: int, spec: GameSpec) -> Trace | None:
    """The traces with this number as one, of a game with one arena; None if there are none."""
    parts = [trace for trace in traces if trace.episode == number]
    if len(parts) < 2:
        return parts[0] if parts else None
    agents = {agent.name: agent for part in parts for agent in part.agents}
    sightings = {sighting.key: sighting for part in parts for sighting in part.sightings}
    names = [name for group in spec.groups for name in group.agents]
    in_order = tuple(agents[name] for name in names if name in agents)
    return replace(parts[0], agents=in_order, sightings=tuple(sightings.values()))
