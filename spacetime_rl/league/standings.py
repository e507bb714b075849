"""The ratings of a league's players, computed from its payoff tables."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

from spacetime_rl.errors import UsageError
from spacetime_rl.league.payoff import Result
from spacetime_rl.league.player import RANDOM, SNAPSHOT, kind_of, parse_player
from spacetime_rl.statistics.ratings import Games, Rating, RoleStrength, rate

ANCHORS: Mapping[str, float] = {RANDOM: 0.0}  # the random policy is the same in every run of a game
LEARNING = "learning"  # the kind of a policy while it learned, between two snapshots


@dataclass(frozen=True, slots=True)
class Standing:
    """A player's rating. `agent_steps` are None for fixed opponents, `policy` is empty for the random policy.

    `trial` is what comes before the policy in its name: a trial of a sweep, or one of several runs; else empty.

    A policy that was learning has a standing for the time between two snapshots, with the mean of the agent steps at
    which its weights were taken.
    """

    rating: Rating
    kind: str
    policy: str
    agent_steps: float | None
    trial: str = ""

    @property
    def player(self) -> str:
        """Its name: the id of a player, or `seeker@1000..2000` of a policy that was learning."""
        return self.rating.player


@dataclass(frozen=True, slots=True)
class Pairing:
    """All games of a player in a role against another player in a role; the score is a win's 1 and a draw's 0.5."""

    role: str
    player: str
    other_role: str
    other: str
    games: float
    score: float

    @property
    def mean(self) -> float:
        """The mean score of the first player."""
        return self.score / self.games


@dataclass(frozen=True, slots=True)
class Standings:
    """The standings of all players, the best first, the strengths of the roles, and who met whom."""

    players: tuple[Standing, ...]
    roles: tuple[RoleStrength, ...]
    pairings: tuple[Pairing, ...]
    anchors: Mapping[str, float]  # those that were met, by the names of players


def compute_standings(
    results: Sequence[Result], anchors: Mapping[str, float] = ANCHORS, required: Iterable[str] = ()
) -> Standings:
    """Rate all players of these results, of one table or of several tables of the same game together.

    `anchors` have ratings in Elo points that are fixed by convention; `hider=scripted` is an opponent in one role
    alone. Raises UsageError if one of those in `required` did not play.
    """
    names = _Names.of(results)
    games, steps = _count(results, names)
    fixed = {
        name: anchors[found]
        for name, (player, role) in names.known.items()
        for found in (f"{role}={player}", player)
        if found in anchors
    }
    missing = [name for name in required if name not in fixed and name not in _plain_names(names.known)]
    if missing:
        raise UsageError(f"{missing[0]}: no such player has played; there are {', '.join(sorted(names.known))}")
    rated = rate(games, fixed)
    return Standings(
        players=tuple(_standing(one, names, steps) for one in rated.players),
        roles=rated.roles,
        pairings=_pair(games),
        anchors=fixed,
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """What the players of results are called in standings.

    A fixed opponent plays every role with another script or another network, so that each is a player of its own:
    `hider=scripted`. The random policy is the same in all roles, which is what makes roles comparable. `snapshots` are
    the agent steps of all snapshots that were met, sorted, by policy; `known` are players and roles by name.
    """

    snapshots: Mapping[str, Sequence[int]]
    known: dict[str, tuple[str, str]]

    @classmethod
    def of(cls, results: Iterable[Result]) -> _Names:
        steps: dict[str, set[int]] = defaultdict(set)
        for player in sorted({player for result in results for _, player in result.sides}):
            if kind_of(player) == SNAPSHOT:
                policy, _, taken = player.rpartition("@")
                steps[policy].add(int(taken))
        return cls({policy: sorted(found) for policy, found in steps.items()}, {})

    def name(self, role: str, player: str, agent_steps: int) -> str:
        """The name of the player of a side."""
        kind = kind_of(player)
        if kind in (SNAPSHOT, RANDOM):
            name = player
        elif kind == "latest":
            name = self._between(player.rpartition("@")[0], agent_steps)
        else:
            name = f"{role}={player}"
        self.known.setdefault(name, (player, role))
        return name

    def _between(self, policy: str, agent_steps: int) -> str:
        """The learning policy between the snapshots around these agent steps."""
        taken = self.snapshots.get(policy, ())
        after = bisect_right(taken, agent_steps)
        begin = taken[after - 1] if after else 0
        return f"{policy}@{begin}..{taken[after] if after < len(taken) else ''}"


def _plain_names(known: Mapping[str, tuple[str, str]]) -> set[str]:
    return {player for player, _ in known.values()}


def _count(results: Iterable[Result], names: _Names) -> tuple[list[Games], dict[str, tuple[float, float]]]:
    """Equal games together, sorted, and by player the number of games with the sum of their agent steps."""
    counts: dict[tuple[tuple[tuple[str, str], ...], tuple[int, ...]], float] = defaultdict(float)
    steps: dict[str, tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for result in results:
        sides = tuple((role, names.name(role, player, result.agent_steps)) for role, player in result.sides)
        for ranks, count in result.outcomes:
            together = sorted(zip(sides, ranks, strict=True))
            counts[tuple(side for side, _ in together), tuple(rank for _, rank in together)] += count
        for _, player in set(sides):
            games, total = steps[player]
            steps[player] = games + result.episodes, total + result.episodes * result.agent_steps
    return [Games(sides, ranks, count) for (sides, ranks), count in sorted(counts.items())], steps


def _standing(rating: Rating, names: _Names, steps: Mapping[str, tuple[float, float]]) -> Standing:
    player, role = names.known[rating.player]
    found = parse_player(player, role)
    if found.learns:
        games, total = steps[rating.player]
        return Standing(rating, LEARNING, found.policy, total / games, found.trial)
    policy = "" if found.kind == RANDOM else found.policy
    taken = None if found.agent_steps is None else float(found.agent_steps)
    return Standing(rating, found.kind, policy, taken, found.trial)


def _pair(games: Iterable[Games]) -> tuple[Pairing, ...]:
    """The score of every side against every other; a game of more sides counts for all pairs of them."""
    found: dict[tuple[tuple[str, str], tuple[str, str]], tuple[float, float]] = defaultdict(lambda: (0.0, 0.0))
    for one in games:
        for (own, rank), (other, against) in permutations(zip(one.sides, one.ranks, strict=True), 2):
            played, score = found[own, other]
            found[own, other] = played + one.count, score + one.count * ((rank < against) + 0.5 * (rank == against))
    return tuple(Pairing(*own, *other, *figures) for (own, other), figures in sorted(found.items()))
