"""Whom a learning policy meets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.league.matchmaking import Choice, Matchmaking, draw, shares, win_rate
from spacetime_rl.league.payoff import PayoffTable, tally
from spacetime_rl.league.player import Player

SEEKER = Player.latest("seeker", 900)
LATEST = Player.latest("hider", 900)
SNAPSHOTS = [Player.snapshot("hider", steps) for steps in (100, 200, 1000)]
FIXED = [Player.fixed("random", "hider"), Player.fixed("scripted", "hider")]


def table_of(tmp_path: Path, **wins: int) -> PayoffTable:
    """A table in which the seeker won so many of 96 games against `hider@N`, a keyword `hN` each."""
    table = PayoffTable(tmp_path / "payoff.jsonl")
    sides = {name: (("seeker", SEEKER.id), ("hider", f"hider@{name[1:]}")) for name in wins}
    games = [(sides[name], (0, 1) if game < won else (1, 0)) for name, won in wins.items() for game in range(96)]
    table.append(tally(7, 800, games))
    return table


def chances(table: PayoffTable, settings: Matchmaking, *candidates: Player) -> dict[str, float]:
    found = shares(SEEKER, candidates, table, settings)
    return {player.id: float(share) for player, share in zip(candidates, found, strict=True)}


def test_every_share_of_the_settings_is_kept(tmp_path: Path) -> None:
    settings = Matchmaking(
        choice="uniform", play_against_latest_model_ratio=0.25, fixed={"random": 0.1, "scripted": 0.3}
    )

    found = chances(table_of(tmp_path), settings, LATEST, *SNAPSHOTS, *FIXED)

    assert found == pytest.approx(
        {"hider@latest": 0.15, "hider@100": 0.15, "hider@200": 0.15, "hider@1000": 0.15, "random": 0.1, "scripted": 0.3}
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("latest", [0, 0, 1]), ("uniform", [1 / 3, 1 / 3, 1 / 3]), ("weighted", [1 / 6, 2 / 6, 3 / 6])],
)
def test_snapshots_are_chosen_by_their_age(tmp_path: Path, choice: Choice, expected: list[float]) -> None:
    settings = Matchmaking(choice=choice, play_against_latest_model_ratio=0.0)

    found = chances(table_of(tmp_path), settings, LATEST, *SNAPSHOTS)

    assert list(found.values()) == pytest.approx([0.0, *expected])


def test_the_window_holds_the_newest_snapshots(tmp_path: Path) -> None:
    settings = Matchmaking(choice="uniform", window=2, play_against_latest_model_ratio=0.0)

    assert chances(table_of(tmp_path), settings, *reversed(SNAPSHOTS)) == pytest.approx(
        {"hider@1000": 0.5, "hider@200": 0.5, "hider@100": 0.0}
    )


def test_prioritised_play_follows_the_win_rates(tmp_path: Path) -> None:
    table = table_of(tmp_path, h100=94, h200=23)  # with four drawn games: 0.96 and 0.25; not met yet: 0.5

    hard = chances(table, Matchmaking(choice="pfsp", priority="hard", play_against_latest_model_ratio=0.0), *SNAPSHOTS)
    even = chances(table, Matchmaking(choice="pfsp", priority="even", play_against_latest_model_ratio=0.0), *SNAPSHOTS)

    weights = np.array([0.04**2, 0.75**2, 0.5**2])
    assert list(hard.values()) == pytest.approx(list(weights / weights.sum()))
    weights = np.array([0.96 * 0.04, 0.25 * 0.75, 0.25])
    assert list(even.values()) == pytest.approx(list(weights / weights.sum()))


def test_older_results_count_less(tmp_path: Path) -> None:
    table = PayoffTable(tmp_path / "payoff.jsonl")
    sides = (("seeker", SEEKER.id), ("hider", "hider@100"))
    table.append(tally(0, 0, [(sides, (1, 0))] * 8))
    table.append(tally(20, 0, [(sides, (0, 1))] * 8))  # one half-life later
    assert win_rate(SEEKER.id, "hider@100", table.results) == pytest.approx((8 + 2) / (8 + 4 + 4))

    table.append(tally(20 + 300, 0, [(sides, (0, 1))]))

    assert win_rate(SEEKER.id, "hider@100", table.results) == pytest.approx((1 + 2) / (1 + 4))


def test_before_the_first_snapshot_the_learning_opponent_is_met(tmp_path: Path) -> None:
    settings = Matchmaking(choice="pfsp", play_against_latest_model_ratio=0.0, fixed={"random": 0.2})

    found = chances(table_of(tmp_path), settings, LATEST, FIXED[0])

    assert found == pytest.approx({"hider@latest": 0.8, "random": 0.2})


def test_the_share_of_a_fixed_opponent_that_lacks_the_role_goes_to_the_others(tmp_path: Path) -> None:
    settings = Matchmaking(choice="uniform", play_against_latest_model_ratio=0.0, fixed={"onnx:hiders": 1.0})

    assert chances(table_of(tmp_path), settings, LATEST, SNAPSHOTS[0]) == pytest.approx(
        {"hider@latest": 0.0, "hider@100": 1.0}
    )


def test_draws_follow_the_shares_and_the_seed(tmp_path: Path) -> None:
    table, candidates = table_of(tmp_path, h100=90), [LATEST, *SNAPSHOTS, FIXED[0]]
    settings = Matchmaking(fixed={"random": 0.1})

    def drawn(seed: int) -> list[str]:
        rng = np.random.default_rng(seed)
        return [draw(rng, SEEKER, candidates, table, settings).id for _ in range(4000)]

    counts = Counter(drawn(1))
    expected = chances(table, settings, *candidates)
    assert {name: counts[name] / 4000 for name in expected} == pytest.approx(expected, abs=0.03)
    assert drawn(1) == drawn(1) != drawn(2)


def test_no_candidate_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no opponent to draw"):
        draw(np.random.default_rng(0), SEEKER, FIXED[:1], table_of(tmp_path), Matchmaking())


def test_a_share_of_the_snapshots_is_of_other_trials(tmp_path: Path) -> None:
    others = [Player.snapshot("hider", steps).of_trial(trial) for trial, steps in (("b", 300), ("c", 200), ("d", 100))]
    settings = Matchmaking(choice="uniform", play_against_latest_model_ratio=0.5, across_trials=0.2, window=2)
    table = table_of(tmp_path)

    both = chances(table, settings, LATEST, *SNAPSHOTS, *others)
    alone = chances(table, settings, LATEST, *others)

    assert both == pytest.approx(
        {"hider@latest": 0.5, "hider@100": 0, "hider@200": 0.2, "hider@1000": 0.2}
        | {"b:hider@300": 0.05, "c:hider@200": 0.05, "d:hider@100": 0}
    )
    assert alone == pytest.approx({"hider@latest": 0.5, "b:hider@300": 0.25, "c:hider@200": 0.25, "d:hider@100": 0})


def test_without_a_share_for_them_other_trials_are_not_met_while_there_are_own_snapshots(tmp_path: Path) -> None:
    other = Player.snapshot("hider", 100).of_trial("b")

    found = chances(table_of(tmp_path), Matchmaking(play_against_latest_model_ratio=0.0), SNAPSHOTS[0], other)

    assert found == {"hider@100": 1.0, "b:hider@100": 0.0}


def test_prioritised_play_knows_other_trials_by_their_own_results(tmp_path: Path) -> None:
    others = [Player.snapshot("hider", 100).of_trial(trial) for trial in ("b", "c")]
    table = PayoffTable(tmp_path / "payoff.jsonl")
    lost = (("seeker", SEEKER.id), ("hider", "b:hider@100")), (1, 0)
    table.append(tally(7, 800, [lost] * 96 + [((("seeker", SEEKER.id), ("hider", "hider@100")), (0, 1))] * 96))

    found = chances(table, Matchmaking(across_trials=1.0, play_against_latest_model_ratio=0.0), SNAPSHOTS[0], *others)

    assert found["hider@100"] == 0.0
    assert found["b:hider@100"] == pytest.approx(0.98**2 / (0.98**2 + 0.5**2))
