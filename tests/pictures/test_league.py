"""The pictures and the page of a league."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from matplotlib.image import imread
from support.made_up_league import make_league

from spacetime_rl.league.payoff import PayoffTable, tally
from spacetime_rl.league.report import report_on
from spacetime_rl.pictures.league import draw_payoff, draw_ratings
from spacetime_rl.pictures.league_page import rows_of, write_league
from spacetime_rl.runs.layout import RunPaths


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "a <run> & more"
    make_league(folder, iterations=6)
    return folder


def test_the_page_has_every_player_and_both_pictures_and_needs_no_network(run: Path, tmp_path: Path) -> None:
    report = report_on([run])

    *pictures, page = write_league(report, tmp_path)

    assert [file.name for file in pictures] == ["ratings.png", "payoff.png"]
    assert all(imread(file).shape[1] >= 900 for file in pictures)
    text = page.read_text()
    assert "a &lt;run&gt; &amp; more" in text
    assert text.count('src="data:image/png;base64,') == 2
    assert not re.search(r"(src|href)=\"(?!data:)", text)
    found = re.findall(r"<tr><td>([\w@.]+)</td><td class=\"text\">", text)
    assert found == [one.player for one in report.notable]
    assert "seeker</td><td>+" in text or "seeker</td><td>-" in text


def test_the_table_says_what_is_fixed_and_what_is_not_shown(run: Path) -> None:
    rows = {player: (rating, note) for player, _, _, rating, note in rows_of(report_on([run], width=1.0))}

    assert rows["random"] == ("0", "fixed")
    assert rows["seeker@0"] == ("", "not shown: interval wider than 1")


def test_who_met_nobody_else_is_drawn_all_the_same(tmp_path: Path) -> None:
    sides = (("runner", "runner@latest"), ("runner", "runner@0"))
    PayoffTable(RunPaths(tmp_path).round_robin).append(tally(0, 0, [(sides, (0, 1))]))
    report = report_on([tmp_path])

    assert draw_ratings(report, "nothing is known", tmp_path / "ratings.png").is_file()
    assert draw_payoff(report, "one match", tmp_path / "payoff.png").is_file()


def test_the_ratings_of_several_trials_are_drawn(tmp_path: Path) -> None:
    for trial in ("a", "b"):
        make_league(tmp_path, iterations=6, trial=trial)
    report = report_on([tmp_path])

    picture = imread(draw_ratings(report, "two trials", tmp_path / "ratings.png"))

    colours = {tuple(int(value) for value in pixel) for pixel in (picture[::2, ::2, :3] * 255).round().reshape(-1, 3)}
    assert {(0x00, 0x72, 0xB2), (0xE6, 0x9F, 0x00)} <= colours  # one for each trial
    nobody = report_on([tmp_path], width=1.0)
    assert draw_ratings(nobody, "nothing is certain", tmp_path / "none.png").is_file()
