"""`spacetime-rl playtest` on the real engine: it finds what is broken, keeps it, and the recording shows it again."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from support.command import Done
from support.touch_run import RUN

from spacetime_rl.evaluation.sources import Source
from spacetime_rl.playtest.play import Seat
from spacetime_rl.playtest.sighting import Played

# A player that walks far to one side breaks this script; a line that no test of the game has run before.
FRAGILE = """extends RLRewardTerm


func amount(_delta: float) -> float:
	if agent.body != null and agent.body.position.x > 1.0:
		agent.get_node("Missing").queue_free()
	return 0.0
"""
PLAN = {"players": {"random": 1}, "episodes": 6, "games": 1, "reproduce": 2, "shorten": 12}


def write(folder: Path, name: str = "touch.yaml", **sections: Any) -> None:
    (folder / name).write_text(yaml.safe_dump({**RUN, "playtest": PLAN, **sections}))


def test_a_script_that_fails_is_found_shortened_and_shown_again(tmp_path: Path, command: Callable[..., Done]) -> None:
    (tmp_path / "fragile.gd").write_text(FRAGILE)
    write(tmp_path, rewards={"scripts": ["fragile.gd"]})

    done = command("playtest", "touch.yaml", "--output", "report", "--json")

    assert done.code == 1, done.err
    report = json.loads(done.out)
    (finding,) = [found for found in report["findings"] if found["sighting"]["oracle"] == "script_error"]
    assert finding["sighting"]["key"].endswith("fragile.gd:6")
    assert finding["reproduces"] == "reproduces 2 of 2"
    assert 0 < finding["decisions"] <= finding["recorded_decisions"]
    assert "its log ends" in finding["log"]
    folder = tmp_path / report["store"] / finding["name"]
    replayed = command("replay", finding["name"], "--check")
    assert replayed.code == 0, replayed.err
    assert f"the game failed again: {finding['sighting']['key']}" in replayed.out
    assert "spacetime-rl replay" in (folder / "finding.md").read_text()
    assert (folder / "path.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "report" / "report.html").read_text()
    assert finding["name"] in page
    assert "data:image/png;base64," in page
    assert "http" not in page
    cases = ElementTree.parse(tmp_path / "report" / "junit.xml").getroot().iter("testcase")
    assert {case.get("name"): case.find("failure") is not None for case in cases}[finding["name"]]
    assert finding["name"] in (tmp_path / "report" / "report.md").read_text()

    mended = command("replay", str(folder / "episode.parquet"), "--set", "rewards.scripts=[]", "--check")
    assert mended.code == 1
    assert "the game does not fail any more" in mended.out

    store = str(tmp_path / report["store"])
    assert command("findings", "mark", store, finding["name"], "known").code == 0
    again = command("playtest", "touch.yaml", "--json", "--set", "playtest.shorten=0", "--set", "playtest.reproduce=1")
    assert again.code == 0, again.out
    assert "known" in command("findings", "list", store).out


def test_a_game_without_faults_passes_and_says_how_far_the_players_came(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    write(tmp_path, playtest={**PLAN, "players": {"heuristic": 1}, "episodes": 4})
    done = command("playtest", "touch.yaml", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["findings"] == []
    assert report["players"]["heuristic"]["episodes"] == 4
    assert report["players"]["heuristic"]["success"].keys() == {"walker", "jumper"}
    assert report["cells"] > 4


def test_what_nobody_reaches_and_who_is_stuck_is_told(tmp_path: Path, command: Callable[..., Done]) -> None:
    write(
        tmp_path,
        scenario={"params": {"touch_m": 0.0, "room_m": 3.0, "max_ticks": 400}},
        playtest={**PLAN, "players": {"heuristic": 1}, "episodes": 2, "oracles": {"stuck": {"seconds": 1}}},
    )
    done = command("playtest", "touch.yaml", "--json")
    assert done.code == 0, done.err  # warnings alone do not fail
    found = {finding["sighting"]["oracle"] for finding in json.loads(done.out)["findings"]}
    assert found == {"never_reached", "stuck"}


def test_a_game_that_throws_dice_without_a_seed_does_not_repeat_itself(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    (tmp_path / "dice.gd").write_text(
        "extends RLRewardTerm\n\n\nfunc amount(_delta: float) -> float:\n\treturn randf()\n"
    )
    write(tmp_path, rewards={"scripts": ["dice.gd"]}, playtest={**PLAN, "episodes": 1})
    done = command("playtest", "touch.yaml", "--json")
    assert done.code == 1, done.err
    found = [finding["sighting"] for finding in json.loads(done.out)["findings"]]
    assert {sighting["key"].partition(" of ")[0] for sighting in found} >= {"not_repeatable:the reward"}


def test_a_player_that_there_is_not_is_refused_before_anything_is_played(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    write(tmp_path)
    done = command("playtest", "touch.yaml", "--player", "nobody")
    assert done.code == 2
    assert "nobody" in done.err


def test_a_game_that_is_killed_from_outside_is_played_on_and_is_only_a_warning(
    tmp_path: Path, command: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
) -> None:
    killed: list[int] = []

    def kill(self: Seat, number: int, source: Source) -> Played:
        if number == 1 and not killed:
            killed.append(self.game.pid)
            os.kill(self.game.pid, signal.SIGKILL)
        return play(self, number, source)

    play = Seat.play
    monkeypatch.setattr(Seat, "play", kill)
    write(tmp_path, playtest={**PLAN, "episodes": 3, "oracles": {"stuck": None, "never_reached": False}})
    done = command("playtest", "touch.yaml", "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert report["episodes"] == 3
    (finding,) = report["findings"]
    assert (finding["sighting"]["key"], finding["sighting"]["severity"]) == ("crash:SIGKILL", "warning")
    assert finding["reproduces"] == "reproduces 0 of 2"
