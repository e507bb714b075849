"""What is known of a league: standings, which of them are certain enough to be shown, and how well they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spacetime_rl.league.payoff import Result
from spacetime_rl.league.player import SCRIPTED
from spacetime_rl.league.standings import ANCHORS, LEARNING, Standing, Standings, compute_standings
from spacetime_rl.league.tables import read_tables
from spacetime_rl.statistics.ratings import rank_agreement

FORMAT = 1
WIDTH = 300.0  # points: 95 % intervals that are wider are not shown


@dataclass(frozen=True, slots=True)
class Agreement:
    """How alike the order of the same players is by the games of training alone and by a round robin alone.

    `tau` is M. G. Kendall's rank correlation: 1 for the same order, -1 for the opposite one.
    """

    tau: float
    players: int


@dataclass(frozen=True, slots=True)
class LeagueReport:
    """The standings of runs. Ratings with an interval of more than `width` points are not shown."""

    runs: tuple[str, ...]
    standings: Standings
    width: float
    episodes: int
    agreement: Agreement | None = None  # None without a round robin of players that met in training, too

    def is_shown(self, one: Standing) -> bool:
        """Whether a rating is certain enough to be shown."""
        return one.rating.width <= self.width

    def why_not(self, one: Standing) -> str:
        """Why a rating is not shown; empty if it is."""
        if self.is_shown(one):
            return ""
        return one.rating.reason or f"not shown: interval wider than {self.width:g}"

    @property
    def notable(self) -> list[Standing]:
        """The players of a short table, those that are shown first.

        Of the policies while they learned only the last of each trial are among them.
        """
        last: dict[tuple[str, str], Standing] = {}
        for one in self.standings.players:
            learner = one.trial, one.policy
            if one.kind == LEARNING and (one.agent_steps or 0.0) >= (last.get(learner, one).agent_steps or 0.0):
                last[learner] = one
        found = [one for one in self.standings.players if one.kind != LEARNING or one in last.values()]
        return sorted(found, key=lambda one: not self.is_shown(one))

    @property
    def advice(self) -> str:
        """The options that may help where no rating is certain enough to be shown; empty otherwise.

        Against a fixed player that hardly ever wins, all others are about equally good.
        """
        free = [one for one in self.standings.players if one.player not in self.standings.anchors]
        scripted = sorted(one.player for one in free if one.kind == SCRIPTED)
        if any(self.is_shown(one) for one in free):
            return ""
        return " ".join(f"--anchor {player}=0" for player in scripted)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON data; ratings that are not shown are in it, too, with `shown` false."""
        return {
            "format": FORMAT,
            "runs": list(self.runs),
            "width": self.width,
            "episodes": self.episodes,
            "anchors": dict(self.standings.anchors),
            "players": [
                asdict(one.rating)
                | {"kind": one.kind, "trial": one.trial, "policy": one.policy, "agent_steps": one.agent_steps}
                | {"shown": self.is_shown(one)}
                for one in self.standings.players
            ],
            "roles": [asdict(role) for role in self.standings.roles],
            "payoff": [asdict(pair) for pair in self.standings.pairings],
            "agreement": None if self.agreement is None else asdict(self.agreement),
        }


def report_on(runs: Sequence[Path], anchors: Mapping[str, float] | None = None, width: float = WIDTH) -> LeagueReport:
    """The report of one run or of several ones of the same game, by their folders.

    `anchors` replace the usual ones. Raises UsageError if no match was played, or if an anchor did not play.
    """
    tables = read_tables(runs)
    fixed = ANCHORS if anchors is None else anchors
    return LeagueReport(
        runs=tuple(run.name for run in runs),
        standings=compute_standings(tables.all, fixed, required=() if anchors is None else anchors),
        width=width,
        episodes=sum(result.episodes for result in tables.all),
        agreement=_agreement(tables.training, tables.round_robin, fixed),
    )


def _agreement(
    training: Sequence[Result], round_robin: Sequence[Result], anchors: Mapping[str, float]
) -> Agreement | None:
    ours, theirs = (_free(compute_standings(results, anchors)) for results in (training, round_robin))
    both = sorted(ours.keys() & theirs.keys())
    if len(both) < 3:
        return None
    return Agreement(rank_agreement([ours[name] for name in both], [theirs[name] for name in both]), len(both))


def _free(standings: Standings) -> dict[str, float]:
    """The ratings that were computed, by player."""
    rated = ((one.player, one.rating.rating) for one in standings.players if one.player not in standings.anchors)
    return {player: rating for player, rating in rated if rating is not None}
