"""Ratings of players from the results of their games: maximum likelihood with 95 % intervals, on the scale of Elo."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spacetime_rl.statistics.choices import Choices, Fit, count_choices, fit
from spacetime_rl.statistics.intervals import Interval

POINTS = 400.0 / math.log(10.0)  # Elo points in a unit of log odds: 400 points more win 10 games of 11
_Z95 = 1.959963984540054
Side = tuple[str, str]  # a role and a player


@dataclass(frozen=True, slots=True)
class Games:
    """Games of the same sides that ended with the same ranks: 0 is the best, equal ranks are a draw."""

    sides: tuple[Side, ...]
    ranks: tuple[int, ...]
    count: float = 1.0


@dataclass(frozen=True, slots=True)
class Rating:
    """A player's rating in Elo points with its 95 % interval; both are None if the games do not determine it.

    `reason` says then why. An anchor has the rating that it was given, and an interval without width.
    """

    player: str
    roles: tuple[str, ...]
    games: float
    rating: float | None
    interval: Interval | None
    reason: str = ""

    @property
    def width(self) -> float:
        """The width of the interval in points; infinite without a rating."""
        return math.inf if self.interval is None else self.interval[1] - self.interval[0]


@dataclass(frozen=True, slots=True)
class RoleStrength:
    """What a role is worth in Elo points, compared with the mean of all roles; None if the games do not tell."""

    role: str
    points: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Ratings:
    """The ratings of all players, the best first and those without a rating last, and the strengths of the roles."""

    players: tuple[Rating, ...]
    roles: tuple[RoleStrength, ...]


def rate(games: Sequence[Games], anchors: Mapping[str, float]) -> Ratings:
    """Rate all players; `anchors` are players with a rating that is fixed by convention, so that scales are the same.

    The model is that of R. A. Bradley and M. E. Terry (Biometrika 39, 1952), and for more than two sides that of R. L.
    Plackett (Appl. Stat. 24, 1975): the odds of two sides are exp of the difference of their players' ratings plus that
    of their roles' strengths. Draws are half wins, which makes intervals a little too wide. Intervals are those of the
    information at the estimate (A. Wald). A player without any path of games to an anchor has no rating.
    """
    ordered = _Order.of(games)
    players = [name for name in ordered.players if name not in anchors]
    solved = _solve(games, ordered, players, anchors)
    near = _connected(games, anchors)
    ratings = []
    for name in ordered.players:
        roles, played = tuple(sorted(ordered.roles_of[name])), ordered.games_of[name]
        if name in anchors:
            ratings.append(Rating(name, roles, played, anchors[name], (anchors[name], anchors[name])))
            continue
        index = players.index(name)
        if solved is not None and solved.known[index]:
            value, interval = _estimate(solved, np.eye(len(solved.values))[index])
            ratings.append(Rating(name, roles, played, value, interval))
        else:
            reason = _CONFOUNDED if name in near else _ALONE
            ratings.append(Rating(name, roles, played, None, None, reason))
    ratings.sort(key=lambda one: (one.rating is None, -(one.rating or 0.0), one.player))
    return Ratings(tuple(ratings), _role_strengths(ordered.roles, solved, len(players)))


_ALONE = "no game connects it with a player whose rating is fixed"
_CONFOUNDED = "its strength cannot be told from that of its role: no player with a rating has this role, too"


def win_chance(difference: float) -> float:
    """The expected score of a side whose rating is higher by these points."""
    return 1.0 / (1.0 + math.exp(-difference / POINTS))


def rank_agreement(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Kendall's tau-b of two ratings of the same players: 1 for the same order, -1 for the opposite one."""
    from scipy import stats

    return float(stats.kendalltau(ours, theirs).statistic)


@dataclass(frozen=True, slots=True)
class _Order:
    """The players and roles of games, sorted, with the roles and the number of games of each player."""

    players: tuple[str, ...]
    roles: tuple[str, ...]
    roles_of: Mapping[str, set[str]]
    games_of: Mapping[str, float]

    @classmethod
    def of(cls, games: Iterable[Games]) -> _Order:
        roles_of: dict[str, set[str]] = {}
        games_of: dict[str, float] = {}
        for one in games:
            for role, player in one.sides:
                roles_of.setdefault(player, set()).add(role)
            for player in {player for _, player in one.sides}:
                games_of[player] = games_of.get(player, 0.0) + one.count
        roles = {role for found in roles_of.values() for role in found}
        return cls(tuple(sorted(roles_of)), tuple(sorted(roles)), roles_of, games_of)


def _solve(games: Sequence[Games], ordered: _Order, players: Sequence[str], anchors: Mapping[str, float]) -> Fit | None:
    """Fit the free players' ratings and, behind them, the strength of every role but the first; None without games."""
    from scipy import sparse

    alternatives = sorted({side for one in games for side in one.sides})
    number = {side: index for index, side in enumerate(alternatives)}
    counts = count_choices(([number[side] for side in one.sides], one.ranks, one.count) for one in games)
    size = len(players) + max(0, len(ordered.roles) - 1)
    if not counts or not size:
        return None
    column = {name: index for index, name in enumerate(players)}
    entries = []
    for row, index in enumerate(one for offered in counts for one in offered):
        role, player = alternatives[index]
        entries += [(row, column[player])] if player in column else []
        place = ordered.roles.index(role)
        entries += [(row, len(players) + place - 1)] if place else []
    chosen = np.concatenate(list(counts.values()))
    rows, columns = np.array(entries, np.int64).reshape(-1, 2).T
    return fit(
        Choices(
            chosen=chosen,
            sets=np.repeat(np.arange(len(counts)), [len(offered) for offered in counts]),
            design=sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(chosen), size)),
            offset=np.array([anchors.get(alternatives[one][1], 0.0) / POINTS for offered in counts for one in offered]),
        )
    )


def _estimate(solved: Fit, weights: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, Interval]:
    """A weighted sum of the parameters in points, with its interval."""
    value = POINTS * float(weights @ solved.values)
    half = POINTS * _Z95 * math.sqrt(max(0.0, float(weights @ solved.covariance @ weights)))
    return value, (value - half, value + half)


def _role_strengths(roles: Sequence[str], solved: Fit | None, players: int) -> tuple[RoleStrength, ...]:
    """The strengths of all roles, less their mean; the first role's parameter is zero by definition."""
    if len(roles) < 2 or solved is None or not solved.known[players:].all():
        return tuple(RoleStrength(role, None, None) for role in roles)
    found = []
    for index, role in enumerate(roles):
        weights = np.zeros(len(solved.values))
        weights[players:] = -1.0 / len(roles)
        if index:
            weights[players + index - 1] += 1.0
        found.append(RoleStrength(role, *_estimate(solved, weights)))
    return tuple(found)


def _connected(games: Sequence[Games], anchors: Mapping[str, float]) -> set[str]:
    """The players that a path of games connects with an anchor."""
    reached = {player for one in games for _, player in one.sides if player in anchors}
    grown = True
    while grown:
        near = {player for one in games for _, player in one.sides if {p for _, p in one.sides} & reached}
        grown = not near <= reached
        reached |= near
    return reached
