"""`spacetime-rl league`: the ratings of a run on the terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Done, run_command
from support.made_up_league import make_league

Run = Callable[..., Done]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    make_league(tmp_path / "results" / "made-up", iterations=6)
    return tmp_path / "results"


@pytest.fixture
def league(results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("COLUMNS", "150")

    def run(*arguments: str) -> Done:
        where = ("--results", str(results))
        return run_command("league", "made-up", *arguments, *where, monkeypatch=monkeypatch, capsys=capsys)

    return run


def test_it_prints_ratings_roles_scores_and_files(league: Run, results: Path) -> None:
    done = league("--width", "200")

    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert any(line.split()[:1] == ["random"] and line.rstrip().endswith("fixed") for line in lines)
    assert any("not shown: interval wider than 200" in line for line in lines)
    assert any(line.startswith("role seeker: ") for line in lines)
    assert "mean score as hider (left) against seeker" in done.out
    assert all((results / "made-up" / "league" / name).is_file() for name in ("ratings.png", "payoff.png"))
    assert lines[-1].endswith("league.html")


def test_it_prints_one_json_document_with_other_anchors(league: Run, tmp_path: Path) -> None:
    done = league("--json", "--anchor", "seeker@0=100", "--output", str(tmp_path / "out"))

    document = json.loads(done.out)
    assert document["anchors"] == {"seeker@0": 100.0}
    assert (tmp_path / "out" / "league.html").is_file()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--anchor", "random"], "--anchor random: expected PLAYER=POINTS"),
        (["--anchor", "random=much"], "expected PLAYER=POINTS"),
        (["--anchor", "scripted=0"], "scripted: no such player has played; there are "),
        (["--episodes", "5"], "league made-up: --episodes: only --round-robin plays episodes"),
        (["made-up", "--round-robin", "2"], "plays within one run; name a single run"),
        (["--policy", "hider"], "league made-up: --policy: only --exploit trains"),
        (["--exploit", "5", "--width", "9"], "league made-up --exploit: --width: has no effect here"),
        (["--width", "0"], "expected 1 to 100000"),
    ],
)
def test_wrong_options_are_refused(league: Run, arguments: list[str], problem: str) -> None:
    done = league(*arguments)

    assert done.code == 2
    assert problem in " ".join(done.err.split())
