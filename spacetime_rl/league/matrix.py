"""Who scores how much against whom, as a table of one role against another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.league.standings import Standing, Standings

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Matrix:
    """The mean scores of the players of a role against those of another one, and the numbers of games.

    Rows and columns are players, fixed opponents first and then by age. `scores` and `games` are float64 [rows,
    columns]; the score is NaN where nobody met.
    """

    role: str
    other: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    scores: NDArray[np.float64]
    games: NDArray[np.float64]


def make_matrices(standings: Standings, most: int) -> list[Matrix]:
    """A matrix for each two roles that met, or for a role against itself, with at most `most` rows and columns.

    Of more players, those that are left are spread evenly over time, with the oldest and the newest among them.
    """
    ages = {one.player: _age(one) for one in standings.players}
    met = sorted({tuple(sorted((pair.role, pair.other_role))) for pair in standings.pairings})
    matrices = []
    for role, other in met:
        pairs = [pair for pair in standings.pairings if (pair.role, pair.other_role) == (role, other)]
        rows = spread(sorted({pair.player for pair in pairs}, key=ages.__getitem__), most)
        columns = spread(sorted({pair.other for pair in pairs}, key=ages.__getitem__), most)
        scores, games = np.full((len(rows), len(columns)), math.nan), np.zeros((len(rows), len(columns)))
        for pair in pairs:
            if pair.player in rows and pair.other in columns:
                place = rows.index(pair.player), columns.index(pair.other)
                scores[place], games[place] = pair.mean, pair.games
        matrices.append(Matrix(role, other, tuple(rows), tuple(columns), scores, games))
    return matrices


def _age(one: Standing) -> tuple[bool, str, str, float, str]:
    """What players are sorted by: fixed opponents first, then policy by policy and trial by trial from old to new."""
    return one.agent_steps is not None, one.policy, one.trial, one.agent_steps or 0.0, one.player


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` of the items, evenly spread over them, with the first and the last; of one, the last."""
    if len(items) <= most or most < 2:
        return list(items[-most:])
    return [items[index] for index in np.unique(np.linspace(0, len(items) - 1, most).round().astype(int))]
