"""Where agents of a stock game are, if their observations have it: the protocol itself does not say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from spacetime_rl.config.playtest import PlaceConfig
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import AgentTrace, Trace


def with_places(trace: Trace, places: Mapping[str, PlaceConfig]) -> Trace:
    """The trace with the positions of agents whose policy is in `places`."""
    if not places:
        return trace
    return replace(trace, agents=tuple(_with_place(agent, places.get(agent.policy)) for agent in trace.agents))


def _with_place(agent: AgentTrace, place: PlaceConfig | None) -> AgentTrace:
    if place is None or agent.observations is None:
        return agent
    seen = agent.observations[:, list(place.numbers)] * np.float32(place.scale)
    if seen.shape[1] == 2:  # seen from above: x and z
        seen = np.insert(seen, 1, 0.0, axis=1)
    return replace(agent, positions=seen)


def problems_with(spec: GameSpec, places: Mapping[str, PlaceConfig]) -> Iterator[str]:
    """What is wrong with the places that a plan names, a sentence each."""
    if places and not spec.is_stock:
        yield f"playtest.places: {spec.scenario} says by itself where its agents are; leave it out"
        return
    sizes = {group.name: group.layout.vector_dim for group in spec.groups}
    for policy, place in places.items():
        if policy not in sizes:
            yield f"playtest.places.{policy}: no such policy; {spec.scenario} has {', '.join(sizes)}"
        elif max(place.numbers) >= sizes[policy]:
            yield f"playtest.places.{policy}.numbers: an observation of {policy} has {sizes[policy]} numbers"
