"""A gate of stock games: what replays is compared in pairs, and what does not is compared as two samples."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import fake_stock_game
from support.command import Done

BAD = '--every-step={"reward": [-0.5, -0.5, -0.5]}'
GOOD, POOR = (f"--every-step={json.dumps({'info': [{'is_success': succeeds}] * 3})}" for succeeds in (True, False))


@pytest.fixture
def gate(tmp_path: Path, command: Callable[..., Done]) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """Gate two builds of the fake stock game, each with arguments of its own; the code, the report, what was said."""

    def program(name: str, arguments: list[str]) -> str:
        path = tmp_path / f"{name}.x86_64"
        words = shlex.join([sys.executable, str(Path(fake_stock_game.__file__))])
        path.write_text(f'#!/bin/sh\nexec {words} "$@" {shlex.join(arguments)}\n')
        path.chmod(0o755)
        return str(path)

    def run(base: list[str], build: list[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
        places = program("base", base), program("build", build)
        config = {"name": "fake", "game": {"env_path": places[0]}, "evaluation": {"games": 1}}
        (tmp_path / "fake.yaml").write_text(yaml.safe_dump(config))
        sides = ("--base", places[0], "--build", places[1])
        done = command("gate", "fake.yaml", *sides, "--player", "random", "--json", *arguments)
        assert done.out, done.err
        return done.code, json.loads(done.out), done.err

    return run


def test_equal_builds_that_replay_play_the_same_episodes_and_pass(gate: Callable[..., Any]) -> None:
    code, report, _ = gate(["--dice=seeded"], ["--dice=seeded"], "--margin", "0.4", "--round", "15", "--episodes", "30")
    assert (code, report["verdict"]) == (0, "pass")
    assert (report["paired"], report["differing"]) == (True, 0)


def test_builds_that_do_not_replay_are_compared_unpaired_and_the_worse_one_is_found(gate: Callable[..., Any]) -> None:
    code, report, said = gate(["--dice=unseeded"], ["--dice=unseeded", BAD], "--round", "30", "--episodes", "90")
    assert (code, report["verdict"]) == (1, "regression")
    assert (report["paired"], report["differing"]) == (False, None)
    assert "this game does not replay: the builds play different episodes, and are compared unpaired" in said
    assert "of each, unpaired, because this game does not replay" in report["sentence"]
    assert report["return"]["difference_ci"][1] < 0.0
    assert report["return"]["p"] < 0.01


def test_success_of_games_that_do_not_replay_is_compared_by_two_rates(gate: Callable[..., Any]) -> None:
    limits = ("--round", "20", "--episodes", "40")
    code, report, _ = gate(["--dice=unseeded", GOOD], ["--dice=unseeded", POOR], *limits)
    assert (code, report["measure"]) == (1, "success")
    episodes = report["episodes"]
    assert (report["success"]["build"], report["success"]["base"]) == (0.0, 1.0)
    assert report["success"]["p"] < 2.0**-episodes  # Fisher's: 1 of all ways to choose as many of twice as many


def test_the_scripted_player_is_refused_because_a_stock_game_has_none(
    tmp_path: Path, gate: Callable[..., Any], command: Callable[..., Done]
) -> None:
    gate([], [], "--round", "3", "--episodes", "3")
    done = command("gate", "fake.yaml", "--self-check")
    assert done.code == 2
    assert "a stock game has no heuristic that could be asked to play" in done.err
