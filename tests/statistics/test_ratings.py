"""Ratings: the figures of independent implementations, what cannot be rated, and how often intervals cover."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy.stats import kendalltau

from spacetime_rl.statistics import ratings
from spacetime_rl.statistics.choices import fit, split_ranking
from spacetime_rl.statistics.ratings import POINTS, Games, Ratings, rate, win_chance

ZERO = {"a": 0.0}


def won(winner: str, loser: str, count: float = 1.0, roles: str = "xx") -> Games:
    return Games(((roles[0], winner), (roles[1], loser)), (0, 1), count)


def lost(player: str, other: str, count: float, roles: str) -> Games:
    return Games(((roles[0], player), (roles[1], other)), (1, 0), count)


def log_odds(found: Ratings) -> dict[str, float]:
    return {one.player: (one.rating or 0.0) / POINTS for one in found.players}


def errors(found: Ratings) -> dict[str, float]:
    """The standard errors in log odds, from the widths of the intervals."""
    return {one.player: one.width / POINTS / 2 / 1.959963984540054 for one in found.players}


@pytest.fixture
def unpenalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain maximum likelihood, which other libraries compute."""
    monkeypatch.setattr(ratings, "fit", lambda choices: fit(choices, penalised=False))


def test_two_sides_with_draws_have_the_ratings_and_errors_of_other_libraries(unpenalised: None) -> None:
    wins = {"ab": 5, "ac": 8, "ad": 2, "ba": 3, "bc": 6, "bd": 1, "ca": 1, "cb": 4, "cd": 2, "da": 7, "db": 6, "dc": 3}
    draw = Games((("x", "a"), ("x", "d")), (0, 0))

    found = rate([*(won(pair[0], pair[1], count) for pair, count in wins.items()), draw], ZERO)

    # choix 0.4.1: ilsr_pairwise_dense of the wins with half a win each for the draw
    assert log_odds(found) == pytest.approx({"a": 0.0, "b": -0.7118128, "c": -1.10306514, "d": 0.67397145}, abs=1e-7)
    # statsmodels 0.15.0: bse of a binomial GLM of the same
    assert errors(found) == pytest.approx({"a": 0.0, "b": 0.53196625, "c": 0.55261571, "d": 0.54342888}, abs=1e-7)


def test_rankings_have_the_ratings_of_another_library(unpenalised: None) -> None:
    rankings = ["abcd", "dac", "bad", "cbda", "dba", "acbd", "adb", "bca"]

    found = rate([Games(tuple(("x", name) for name in one), tuple(range(len(one)))) for one in rankings], ZERO)

    # choix 0.4.1: ilsr_rankings
    assert log_odds(found) == pytest.approx({"a": 0.0, "b": 0.38025089, "c": 0.1953549, "d": -0.30494972}, abs=1e-7)


def test_roles_and_a_player_who_only_won_have_the_figures_of_firths_logistic_regression() -> None:
    games = [
        *(won("a", "b", 6, "sh"), lost("a", "b", 2, "sh"), won("a", "c", 5, "sh"), lost("a", "c", 3, "sh")),
        *(won("b", "c", 4, "sh"), lost("b", "c", 4, "sh"), won("d", "a", 5, "sh"), won("d", "b", 4, "sh")),
    ]

    found = rate(games, ZERO)

    # firthmodels 0.8.2: FirthLogisticRegression without an intercept
    expected = {"a": 0.0, "b": -0.43542412, "c": 0.07532506, "d": 2.16684106}
    assert log_odds(found) == pytest.approx(expected, abs=1e-5)
    # statsmodels 0.15.0: the Hessian of Logit at these parameters
    assert errors(found) == pytest.approx({"a": 0.0, "b": 0.96210555, "c": 1.73092055, "d": 1.78494955}, abs=1e-5)
    seeker, hider = sorted(found.roles, key=lambda one: -(one.points or 0.0))
    assert (seeker.role, hider.role) == ("s", "h")
    assert seeker.points == pytest.approx(0.52008733 / 2 * POINTS, abs=1e-2)
    assert seeker.points == pytest.approx(-(hider.points or 0.0))


def test_400_points_more_win_ten_games_of_eleven() -> None:
    found = rate([won("b", "a", 10_000), won("a", "b", 1_000)], ZERO)

    assert log_odds(found)["b"] * POINTS == pytest.approx(400.0, abs=0.1)
    assert win_chance(400.0) == pytest.approx(10 / 11)


def test_a_tie_is_the_average_over_all_orders() -> None:
    orders = [(0, 1, 2), (0, 2, 1)]
    averaged: dict[tuple[tuple[int, ...], int], float] = {}
    for order in orders:
        for left, side, weight in split_ranking(order):
            key = (tuple(sorted(left)), side)
            averaged[key] = averaged.get(key, 0.0) + weight / len(orders)

    tied = {(tuple(sorted(left)), side): weight for left, side, weight in split_ranking((0, 1, 1))}

    assert tied == pytest.approx(averaged)


def test_anchors_keep_their_ratings_and_shift_all_others() -> None:
    games = [won("b", "a", 30), won("a", "b", 20), won("c", "b", 30), won("b", "c", 20)]

    low, high = rate(games, {"a": 0.0}), rate(games, {"a": 500.0})

    assert {one.player: one.rating for one in high.players} == pytest.approx(
        {one.player: (one.rating or 0.0) + 500.0 for one in low.players}
    )
    assert next(one for one in high.players if one.player == "a").interval == (500.0, 500.0)


def test_a_player_without_a_path_to_an_anchor_has_no_rating_and_it_says_so() -> None:
    found = rate([won("b", "a", 5), won("a", "b", 4), won("d", "c", 5), won("c", "d", 4)], ZERO)

    unrated = {one.player: one.reason for one in found.players if one.rating is None}
    assert list(unrated) == ["c", "d"]
    assert set(unrated.values()) == {"no game connects it with a player whose rating is fixed"}
    assert log_odds(found)["b"] == pytest.approx(log_odds(rate([won("b", "a", 5), won("a", "b", 4)], ZERO))["b"])


def test_no_anchor_at_all_is_no_scale() -> None:
    found = rate([won("b", "a", 5)], {})

    assert [(one.rating, one.width) for one in found.players] == [(None, math.inf)] * 2
    assert rate([], ZERO) == Ratings((), ())


def test_a_strength_that_may_be_the_roles_is_no_rating_but_others_are_found_through_it() -> None:
    """The anchor has been a hider alone: what seekers are worth is unknown, but all hiders met the same seeker."""
    games = [won("s1", "a", 6, "sh"), lost("s1", "a", 3, "sh"), won("s1", "h1", 4, "sh"), lost("s1", "h1", 5, "sh")]

    found = rate(games, ZERO)

    by_name = {one.player: one for one in found.players}
    assert "cannot be told from that of its role" in by_name["s1"].reason
    assert by_name["h1"].rating == pytest.approx(POINTS * (math.log(6.5 / 3.5) - math.log(4.5 / 5.5)), abs=5.0)
    assert [role.points for role in found.roles] == [None, None]


def test_games_against_oneself_say_nothing_about_strength_but_something_about_roles() -> None:
    found = rate([won("a", "a", 30, "sh"), lost("a", "a", 10, "sh")], ZERO)

    seeker = next(role for role in found.roles if role.role == "s")
    assert seeker.points == pytest.approx(POINTS * math.log(30.5 / 10.5) / 2, abs=0.01)


def test_the_order_of_the_games_makes_no_difference_to_any_bit() -> None:
    games = [won(f"p{i}", f"p{j}", i + 2 * j + 1) for i in range(6) for j in range(6) if i != j]

    assert rate(games, {"p0": 0.0}) == rate(games[::-1], {"p0": 0.0})


class League:
    """Games of players with known strengths: seekers and hiders, and the random policy in both roles."""

    def __init__(self, seed: int, snapshots: int, gap: float) -> None:
        self.draw = np.random.default_rng(seed)
        self.role = float(self.draw.normal(0.0, 80.0))
        self.names = {role: [f"{role}{i}" for i in range(snapshots)] for role in "sh"}
        self.truth: dict[str, float] = {"random": 0.0}
        for names in self.names.values():
            steps = self.draw.gamma(2.0, gap / 2.0, snapshots)
            self.truth |= dict(zip(names, np.cumsum(steps).tolist(), strict=True))
        self.games: list[Games] = []

    def play(self, seeker: str, hider: str, count: int) -> None:
        """Play so many games; up to a fifth of them are draws."""
        chance = win_chance(self.truth[seeker] - self.truth[hider] + self.role)
        drawn = 0.4 * min(chance, 1.0 - chance)
        outcomes = self.draw.multinomial(count, [chance - drawn / 2, drawn, 1.0 - chance - drawn / 2])
        sides = (("s", seeker), ("h", hider))
        self.games += [
            Games(sides, ranks, int(number))
            for ranks, number in zip([(0, 1), (0, 0), (1, 0)], outcomes, strict=True)
            if number
        ]

    def train(self, count: int) -> None:
        """Matches as they come in training: neighbours in age, and the first ones against the random policy."""
        for i, (seeker, hider) in enumerate(zip(self.names["s"], self.names["h"], strict=True)):
            for j in range(max(0, i - 3), i + 1):
                self.play(seeker, self.names["h"][j], count)
                if j < i:
                    self.play(self.names["s"][j], hider, count)
            if i < 6:
                self.play(seeker, "random", count)
                self.play("random", hider, count)

    def round_robin(self, count: int) -> None:
        """Every seeker against every hider, the random policy among both."""
        for seeker in [*self.names["s"], "random"]:
            for hider in [*self.names["h"], "random"]:
                self.play(seeker, hider, count)


def covered(found: Ratings, truth: Mapping[str, float]) -> list[bool]:
    free = [one for one in found.players if one.player != "random"]
    return [one.interval is not None and one.interval[0] <= truth[one.player] <= one.interval[1] for one in free]


@pytest.mark.parametrize(
    ("snapshots", "count"),
    [(4, 6), pytest.param(8, 40, marks=pytest.mark.slow)],  # a larger league, for ten seconds
)
def test_the_95_percent_intervals_of_200_simulated_leagues_cover_the_truth(snapshots: int, count: int) -> None:
    hits, roles = [], []
    for seed in range(200):
        league = League(seed, snapshots, gap=100.0)
        league.train(count)
        found = rate(league.games, {"random": 0.0})
        hits += covered(found, league.truth)
        seeker = next(one for one in found.roles if one.role == "s")
        roles.append(seeker.interval is not None and seeker.interval[0] <= league.role / 2 <= seeker.interval[1])

    assert len(hits) == 200 * 2 * snapshots
    assert 0.93 <= np.mean(hits) <= 0.99
    assert np.mean(roles) >= 0.9


def test_matches_of_training_order_12_players_as_a_full_round_robin_does() -> None:
    taus = []
    for seed in range(12):
        trained, full = League(seed, 6, 150.0), League(seed, 6, 150.0)
        trained.train(150)
        full.round_robin(150)
        ours, theirs = (log_odds(rate(one.games, {"random": 0.0})) for one in (trained, full))
        names = sorted(set(ours) - {"random"})
        assert len(names) == 12
        taus.append(kendalltau([ours[n] for n in names], [theirs[n] for n in names]).statistic)

    assert np.mean(taus) >= 0.9
