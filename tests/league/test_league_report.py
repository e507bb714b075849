"""The report of a league: what is shown, and what several runs and a round robin add to it."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from support.made_up_league import make_league, strength

from spacetime_rl.errors import UsageError
from spacetime_rl.league.matrix import make_matrices
from spacetime_rl.league.payoff import PayoffTable, Ranks, Side, tally
from spacetime_rl.league.report import LeagueReport, report_on
from spacetime_rl.runs.layout import CONFIG, RunPaths, payoff_file
from spacetime_rl.statistics.ratings import win_chance

Game = tuple[tuple[Side, ...], Ranks]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "one"
    make_league(folder)
    return folder


def rating_of(report: LeagueReport, player: str) -> float:
    return next(one.rating.rating or 0.0 for one in report.standings.players if one.player == player)


def test_the_ratings_are_near_the_true_strengths(run: Path) -> None:
    report = report_on([run])

    misses = [
        abs(one.rating.rating - strength(one.policy, int(one.agent_steps)))
        for one in report.standings.players
        if one.kind == "snapshot" and one.agent_steps is not None and one.rating.rating is not None
    ]
    assert len(misses) == 8
    assert sum(misses) / len(misses) < 60.0


def test_a_rating_with_a_wide_interval_is_not_shown_and_the_reason_says_how_wide(run: Path) -> None:
    wide, narrow = report_on([run], width=1_000.0), report_on([run], width=1.0)

    assert {wide.why_not(one) for one in wide.notable} == {""}
    assert {narrow.why_not(one) for one in narrow.notable if one.player != "random"} == {
        "not shown: interval wider than 1"
    }
    assert narrow.notable[0].player == "random"  # what is shown comes first


def test_where_no_rating_is_shown_other_fixed_players_are_proposed(run: Path) -> None:
    report = report_on([run], width=1.0)
    one = next(one for one in report.standings.players if one.player != "random")
    scripted = replace(one, kind="scripted", rating=replace(one.rating, player="hider=scripted"))
    standings = replace(report.standings, players=(*report.standings.players, scripted))

    assert replace(report, standings=standings).advice == "--anchor hider=scripted=0"
    assert replace(report, standings=standings, width=1_000.0).advice == ""
    assert report.advice == ""  # there is nobody else


def test_of_the_learning_policies_a_short_table_has_the_last(run: Path) -> None:
    learning = sorted(one.player for one in report_on([run]).notable if one.kind == "learning")

    assert learning == ["hider@48000..", "seeker@48000.."]


def test_the_report_is_plain_data(run: Path) -> None:
    document = report_on([run]).to_dict()

    assert json.loads(json.dumps(document, allow_nan=False)) == json.loads(json.dumps(document))
    assert document["anchors"] == {"random": 0.0}
    assert document["episodes"] == 16 * 200
    widths = [player["interval"][1] - player["interval"][0] for player in document["players"]]
    assert [player["shown"] for player in document["players"]] == [width <= 300.0 for width in widths]


def test_a_resumed_league_has_the_ratings_of_the_undisturbed_one_bit_for_bit(run: Path, tmp_path: Path) -> None:
    table = make_league(tmp_path / "one")
    undisturbed = report_on([run])
    assert report_on([tmp_path / "one"]) == undisturbed

    again = PayoffTable(table.file)
    again.truncate(9)
    later = [result for result in table.results if result.iteration > 9]
    for iteration in range(10, 17):
        again.append([result for result in later if result.iteration == iteration])

    assert report_on([tmp_path / "one"]) == undisturbed


def test_runs_share_a_scale_and_their_players_have_their_names(run: Path, tmp_path: Path) -> None:
    make_league(tmp_path / "two", seed=1)

    report = report_on([run, tmp_path / "two"])

    assert report.runs == ("one", "two")
    players = {one.player for one in report.standings.players}
    assert {"one:seeker@16000", "two:seeker@16000", "random"} <= players
    assert rating_of(report, "one:seeker@48000") == pytest.approx(rating_of(report, "two:seeker@48000"), abs=200.0)


def test_the_trials_of_a_sweep_are_told_apart(tmp_path: Path) -> None:
    for trial in ("abc_00000", "abc_00001"):
        make_league(tmp_path, iterations=2, trial=trial)

    players = {one.player for one in report_on([tmp_path]).standings.players}

    assert {"abc_00000:hider@0", "abc_00001:hider@0"} <= players


def test_a_short_table_of_a_sweep_has_the_last_of_each_trial_s_learning_policies(tmp_path: Path) -> None:
    for trial, iterations in (("a", 5), ("b", 9)):
        make_league(tmp_path, iterations, trial=trial)

    report = report_on([tmp_path])

    learning = {one.player: (one.trial, one.policy) for one in report.notable if one.kind == "learning"}
    assert learning == {
        f"{trial}:{policy}@{steps}..": (trial, policy)
        for trial, steps in (("a", 16000), ("b", 32000))
        for policy in ("hider", "seeker")
    }
    (matrix,) = make_matrices(report.standings, 100)
    assert [name.partition(":")[0] for name in matrix.rows] == ["random", *["a"] * 4, *["b"] * 6]
    assert {player["trial"] for player in report.to_dict()["players"]} == {"", "a", "b"}


def test_a_trial_without_matches_yet_changes_no_names(tmp_path: Path) -> None:
    make_league(tmp_path, iterations=2, trial="a")
    (RunPaths(tmp_path).tune / "trial_b").mkdir()

    assert "a:hider@0" in {one.player for one in report_on([tmp_path]).standings.players}


def test_matches_between_trials_put_all_of_them_on_one_scale(tmp_path: Path) -> None:
    # One trial met the random policy, the other one has met nobody but itself and the first.
    tables = {trial: PayoffTable(payoff_file(RunPaths(tmp_path).tune / f"trial_{trial}")) for trial in ("a", "b")}
    (tmp_path / CONFIG).write_text("name: pit\n")
    won, lost = (0, 1), (1, 0)

    def games(player: str, other: str, wins: int) -> list[Game]:
        return [((("walker", player), ("walker", other)), won if game < wins else lost) for game in range(100)]

    tables["a"].append(tally(1, 0, games("walker@latest", "walker@0", 50)))
    tables["a"].append(tally(2, 500, games("walker@latest", "random", 90) + games("walker@latest", "walker@400", 50)))
    tables["b"].append(tally(1, 0, games("walker@latest", "walker@0", 50)))
    tables["b"].append(tally(2, 500, games("walker@latest", "walker@400", 50)))
    apart = report_on([tmp_path])
    tables["b"].append(tally(3, 800, games("walker@latest", "a:walker@400", 75)))
    together = report_on([tmp_path])

    def ratings(report: LeagueReport) -> dict[str, float | None]:
        return {one.player: one.rating.rating for one in report.standings.players}

    assert {player for player, rating in ratings(apart).items() if rating is None} == {
        "a:walker@0", "a:walker@0..400", "b:walker@0", "b:walker@0..400", "b:walker@400", "b:walker@400.."
    }  # fmt: skip
    found = ratings(together)
    assert found["a:walker@400"] == pytest.approx(400 * math.log10(9), abs=20)
    assert found["b:walker@400.."] == pytest.approx(400 * math.log10(9) + 400 * math.log10(3), abs=30)
    assert found["b:walker@400"] == pytest.approx(found["b:walker@400.."], abs=1)


def test_a_round_robin_adds_games_and_is_compared_with_training(tmp_path: Path) -> None:
    make_league(tmp_path)
    snapshots = [0, 16_000, 32_000, 48_000]
    episodes = []
    for own in snapshots:
        for other in snapshots:
            won = round(100 * win_chance(strength("seeker", own) - strength("hider", other) + 60.0))
            sides = (("seeker", f"seeker@{own}"), ("hider", f"hider@{other}"))
            episodes += [(sides, (0, 1))] * won + [(sides, (1, 0))] * (100 - won)
    random = (("seeker", "seeker@16000"), ("hider", "random")), (("seeker", "random"), ("hider", "hider@16000"))
    episodes += [(sides, ranks) for sides in random for ranks in [(0, 1)] * 60 + [(1, 0)] * 40]
    before = report_on([tmp_path])

    PayoffTable(RunPaths(tmp_path).round_robin).append(tally(0, 64_000, episodes))
    report = report_on([tmp_path])

    assert before.agreement is None
    assert report.agreement is not None
    assert report.agreement.players == 8
    assert report.agreement.tau >= 0.7
    assert report.episodes == before.episodes + len(episodes)


def test_a_run_without_matches_is_refused_with_what_can_be_done(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no payoff table with results.*--round-robin"):
        report_on([tmp_path])


def test_a_payoff_matrix_has_fixed_opponents_first_and_then_the_oldest(run: Path) -> None:
    (matrix,) = make_matrices(report_on([run]).standings, 100)

    assert (matrix.role, matrix.other) == ("hider", "seeker")
    assert matrix.rows[:4] == ("random", "hider@0", "hider@0..16000", "hider@16000")
    assert matrix.scores.shape == matrix.games.shape == (9, 9)
    learning = matrix.rows.index("hider@48000..")
    assert matrix.scores[learning, matrix.columns.index("seeker@0")] > 0.8


def test_a_large_matrix_keeps_its_oldest_and_newest_players(run: Path) -> None:
    (matrix,) = make_matrices(report_on([run]).standings, 4)

    assert len(matrix.rows) == len(matrix.columns) == 4
    assert (matrix.rows[0], matrix.rows[-1]) == ("random", "hider@48000..")
