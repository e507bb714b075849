"""Identify agents independently of the number of arenas: by their arena and by their index in that arena."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.game.spec import GameSpec


def places_of(spec: GameSpec) -> NDArray[np.int64]:
    """The index of every agent in its arena, counted over all groups, int64 [num_agents]."""
    places = []
    begin = 0
    for group in spec.groups:
        places.append(np.tile(begin + np.arange(len(group.agents)), spec.arenas))
        begin += len(group.agents)
    return np.concatenate(places)


def turns_of(plans: Sequence[PolicyPlan]) -> NDArray[np.int64]:
    """The order in which a stock game's agents receive episodes, int64 [num_agents].

    Policies alternate, so that every policy plays some episodes even if there are few.
    """
    agents = np.concatenate([plan.agents for plan in plans])
    ranks = np.concatenate([np.arange(len(plan.agents)) for plan in plans])
    turns = np.empty(len(agents), np.int64)
    turns[agents[np.argsort(ranks, kind="stable")]] = np.arange(len(agents))
    return turns
