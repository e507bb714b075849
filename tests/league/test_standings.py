"""Standings: who counts as which player, and what the ratings come from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.league.payoff import Result, Side, tally
from spacetime_rl.league.standings import Pairing, Standings, compute_standings
from spacetime_rl.statistics.ratings import win_chance

Episodes = list[tuple[Sequence[Side], Sequence[int]]]


def met(seeker: str, hider: str, won: int, lost: int) -> Episodes:
    """Episodes of a seeker and a hider; `won` of them went to the seeker."""
    sides = (("seeker", seeker), ("hider", hider))
    return [*[(sides, (0, 1))] * won, *[(sides, (1, 0))] * lost]


def names(found: Standings) -> set[str]:
    return {one.player for one in found.players}


def a_league() -> list[Result]:
    """Two snapshots of each policy, what was learning between them, and all fixed opponents."""
    return [
        *tally(1, 0, met("seeker@latest", "random", 6, 4) + met("random", "hider@latest", 5, 5)),
        *tally(2, 500, met("seeker@latest", "hider@latest", 5, 5)),
        *tally(3, 1500, met("seeker@latest", "hider@1000", 6, 3) + met("seeker@1000", "hider@latest", 4, 6)),
        *tally(4, 2000, met("seeker@latest", "scripted", 3, 3) + met("scripted", "hider@latest", 3, 3)),
        *tally(5, 2500, met("seeker@2000", "hider@latest", 4, 4) + met("seeker@latest", "random", 6, 2)),
        *tally(6, 2600, met("seeker@latest", "hider@1000", 5, 2) + met("random", "hider@latest", 1, 6)),
    ]


def test_a_learning_policy_is_a_player_of_its_own_between_two_snapshots() -> None:
    found = compute_standings(a_league())

    assert names(found) == {
        *("random", "seeker=scripted", "hider=scripted", "seeker@1000", "seeker@2000", "hider@1000"),
        *("seeker@0..1000", "seeker@1000..2000", "seeker@2000..", "hider@0..1000", "hider@1000.."),
    }
    assert all(one.rating.rating is not None for one in found.players)
    learning = next(one for one in found.players if one.player == "seeker@0..1000")
    assert (learning.kind, learning.policy, learning.agent_steps) == ("learning", "seeker", 250.0)
    snapshot = next(one for one in found.players if one.player == "seeker@2000")
    assert (snapshot.kind, snapshot.agent_steps, snapshot.rating.games) == ("snapshot", 2000.0, 8)


def test_the_random_policy_is_zero_in_both_roles() -> None:
    random = next(one for one in compute_standings(a_league()).players if one.player == "random")

    assert (random.rating.rating, random.rating.roles) == (0.0, ("hider", "seeker"))


def test_another_anchor_may_hold_for_all_roles_or_for_one() -> None:
    both = compute_standings(a_league(), {"scripted": 700.0})
    one = compute_standings(a_league(), {"random": 0.0, "hider=scripted": 300.0})

    assert both.anchors == {"seeker=scripted": 700.0, "hider=scripted": 700.0}
    assert one.anchors == {"random": 0.0, "hider=scripted": 300.0}


def test_an_anchor_that_a_user_names_must_have_played() -> None:
    with pytest.raises(UsageError, match="baseline:tag: no such player has played; there are hider=scripted"):
        compute_standings(a_league(), {"baseline:tag": 1.0}, required=["baseline:tag"])

    assert compute_standings(a_league(), {"hider=scripted": 1.0}, required=["hider=scripted"]).anchors


def test_pairings_count_from_both_sides() -> None:
    found = compute_standings([*tally(0, 0, met("a@1", "b@1", 3, 1)), *tally(1, 0, met("a@1", "b@1", 1, 0))])

    assert set(found.pairings) == {
        Pairing("seeker", "a@1", "hider", "b@1", 5, 4.0),
        Pairing("hider", "b@1", "seeker", "a@1", 5, 1.0),
    }


def test_two_runs_with_the_same_anchor_share_a_scale() -> None:
    """A policy of 400 points in each of two runs, whose opponents are of different strengths."""
    draw = np.random.default_rng(5)
    found = []
    for other in (100.0, 700.0):
        episodes: Episodes = []
        for seeker, hider, difference in (
            ("seeker@1", "random", 400.0),
            ("random", "hider@1", -other),
            ("seeker@1", "hider@1", 400.0 - other),
        ):
            wins = int(draw.binomial(4000, win_chance(difference)))
            episodes += met(seeker, hider, wins, 4000 - wins)
        standings = compute_standings(tally(0, 0, episodes)).players
        found.append(next(one.rating.rating for one in standings if one.player == "seeker@1"))

    assert found == pytest.approx([400.0, 400.0], abs=40.0)


def test_standings_of_a_prefix_do_not_depend_on_what_came_later() -> None:
    results = a_league()

    assert compute_standings(results[:5]) == compute_standings(list(results)[:5])
    assert compute_standings(results) == compute_standings(results[::-1])
