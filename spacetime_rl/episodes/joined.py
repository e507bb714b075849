"""One episode of what a game gives as several: each agent of a stock game has episodes of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import AgentTrace, Trace


def joined(traces: Iterable[Trace], number: int, spec: GameSpec, stride: int = 1) -> Trace | None:
    """The episode `number` of a game with one arena; None if it is not among the traces.

    Of a stock game it is all that was played since the reset with this number and stride: the agents' episodes with the
    numbers `number`, `number + stride` and so on, one after the other as if they were one. What an agent saw last in an
    episode is not in it if it saw something else first in the next one.
    """
    if not spec.is_stock:
        return next((trace for trace in traces if trace.episode == number), None)
    parts = [trace for trace in traces if trace.episode >= number and (trace.episode - number) % stride == 0]
    parts.sort(key=lambda trace: trace.episode)
    by_name: dict[str, list[AgentTrace]] = {name: [] for group in spec.groups for name in group.agents}
    for part in parts:
        for agent in part.agents:
            by_name[agent.name].append(agent)
    sightings = {sighting.key: sighting for part in parts for sighting in part.sightings}
    agents = tuple(_as_one(own) for own in by_name.values() if own)
    return replace(parts[0], episode=number, agents=agents, sightings=tuple(sightings.values())) if parts else None


def _as_one(parts: Sequence[AgentTrace]) -> AgentTrace:
    """The episodes of an agent as one; one of which only the first row is there adds nothing."""
    parts = [parts[0], *(part for part in parts[1:] if len(part.ticks) > 1)]
    if len(parts) == 1:
        return parts[0]
    begins = np.cumsum([0, *(part.ticks[-1] for part in parts[:-1])])
    images = {name: _rows([part.images[name] for part in parts]) for name in parts[0].images}
    return replace(
        parts[-1],
        ticks=_rows([part.ticks + begin for part, begin in zip(parts, begins, strict=True)]),
        positions=_rows([part.positions for part in parts]),
        actions=_known([part.actions for part in parts]),
        decision_rewards=_known([part.decision_rewards if i == 0 else _later(part) for i, part in enumerate(parts)]),
        observations=_rows([part.observations for part in parts if part.observations is not None]),
        images=images,
    )


def _rows(tables: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Tables one after the other, without the last row of those before the last one: it is the next one's first."""
    return np.concatenate([*(table[:-1] for table in tables[:-1]), tables[-1]])


def _known(tables: Sequence[NDArray[np.float32] | None]) -> NDArray[np.float32]:
    return np.concatenate([table for table in tables if table is not None])


def _later(part: AgentTrace) -> NDArray[np.float32] | None:
    """Rewards without the 0 of the first row, which is the last row of the episode before."""
    return None if part.decision_rewards is None else part.decision_rewards[1:]
