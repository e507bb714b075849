"""`playtest --project` on a game that knows nothing of reinforcement learning: it is played, and its mistakes found."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from support.command import run_command

from spacetime_rl.game.project import content_hash
from spacetime_rl.playtest.load import load_plan

PLAIN = Path(__file__).parent.parent / "fixtures" / "plain_game"
LITTLE = ("--games", "1", "--set", "playtest.reproduce=1", "--set", "playtest.shorten=0", "--json")


def test_a_game_that_knows_nothing_of_learning_is_played_and_its_mistakes_replay(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = partial(run_command, monkeypatch=monkeypatch, capsys=capsys)
    before = content_hash(PLAIN)

    done = command("playtest", "--project", str(PLAIN), "--episodes", "2", "--seed", "5", *LITTLE)

    assert done.code == 1, done.err
    report = json.loads(done.out)
    found = {finding["sighting"]["oracle"]: finding for finding in report["findings"]}
    assert found.keys() >= {"script_error", "left_world", "dead_element"}
    assert found["script_error"]["sighting"]["key"] == "script_error:res://player.gd:21"
    assert {found[name]["reproduces"] for name in ("script_error", "left_world", "dead_element")} == {
        "reproduces 1 of 1"
    }
    assert report["players"]["heuristic"]["success"] == {}
    assert content_hash(PLAIN) == before
    assert not (PLAIN / ".godot").exists()

    for finding in found.values():
        file = tmp_path / report["store"] / finding["name"] / "episode.parquet"
        replayed = command("replay", str(file), "--check")
        assert replayed.code == 0, replayed.out + replayed.err


def test_a_plan_is_needed_or_a_project(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command = partial(run_command, monkeypatch=monkeypatch, capsys=capsys)
    assert "--project DIR" in command("playtest").err
    nothing = command("playtest", "--project", "/nowhere")
    assert nothing.code == 2
    assert "expected the folder of a Godot project" in nothing.err


def test_nobody_is_asked_for_progress_in_a_game_without_a_task_unless_the_plan_does() -> None:
    assert load_plan(str(PLAIN)).settings.oracles.no_progress is None
    wanted = load_plan(str(PLAIN), ["playtest.oracles.no_progress.seconds=5"]).settings.oracles.no_progress
    assert wanted is not None
    assert wanted.seconds == 5.0
