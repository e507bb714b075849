"""A game's log stays small, and the script errors in it reach the user."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.errors import LaunchError, LaunchTimeout, ScriptError
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.log import GameLog
from spacetime_rl.notices import Notices, from_record

Make = Callable[..., GameLaunch]

ERROR = "SCRIPT ERROR: Invalid call.\n   at: jump (res://player.gd:12)\n"
FIRST = "res://player.gd:12, in jump: Invalid call."


def _step(game: Game) -> None:
    game.step([np.zeros((2, 2), np.float32), np.zeros((1, 2), np.float32)])


def test_script_errors_are_reported_at_the_first_whenever_they_doubled_and_at_the_end(
    fake_stock: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with open_game(fake_stock(script_errors=1)) as game:
        game.reset()
        for _ in range(7):
            _step(game)
            game._process.log.poll()  # type: ignore[attr-defined]  # as once a second
        assert game.script_errors == 7
    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    counts = [record.getMessage().partition(", the first")[0].rpartition(" ")[2] for record in warned]
    assert counts == ["1", "2", "4", "7"]
    (notice,) = Notices(from_record(record) for record in warned)
    assert notice.line == f"script errors in the game's log: 7, the first: {FIRST}"


def test_a_stock_game_ends_at_its_first_script_error_where_that_is_asked_for(fake_stock: Make) -> None:
    game = open_game(fake_stock(end_on_script_error=True, script_errors=2))
    game.reset()
    with pytest.raises(ScriptError, match=r"a script error at step: res://player\.gd:12, in jump: Invalid call\."):
        _step(game)


def test_a_game_that_does_not_start_is_reported_with_its_first_script_error(tmp_path: Path) -> None:
    path = tmp_path / "game.sh"
    path.write_text(f"#!/bin/sh\ncat >&2 <<X\n{ERROR}{ERROR}X\nexit 3\n")
    path.chmod(0o755)
    with pytest.raises(LaunchError) as caught:
        open_game(GameLaunch(env_path=path))
    ending = f"(exit code 3); script errors in its log: 2, the first: {FIRST}; its log ends:"
    assert ending in str(caught.value).splitlines()[0]


def test_a_sync_node_without_agents_in_training_is_told_from_none(tmp_path: Path) -> None:
    path = tmp_path / "game.sh"
    path.write_text("#!/bin/sh\necho getting command line arguments\nexec sleep 60\n")
    path.chmod(0o755)
    with pytest.raises(LaunchTimeout, match=r"Sync node found no agent to train: .* Training, .* C# needs a Godot"):
        open_game(GameLaunch(env_path=path, launch_timeout_s=3))


def test_a_long_log_keeps_its_first_and_last_part_and_every_error_counts(tmp_path: Path) -> None:
    copy = tmp_path / "user" / "app" / "logs" / "godot.log"  # the engine's own, of the same text
    copy.parent.mkdir(parents=True)
    path = tmp_path / "game.godot.log"
    log = GameLog(path, tmp_path / "user")
    with path.open("ab") as game:
        game.write(b"first line\n")
        for _ in range(12):
            game.write(ERROR.encode() * 20_000)
            copy.write_bytes(path.read_bytes())
            game.flush()
            log.poll()
        game.write(b"last line\n")
        game.flush()
        log.poll()
    text = path.read_text()
    assert len(text) < 9 * 2**20
    assert text.startswith("first line\n")
    assert text.endswith("last line\n")
    assert text.count("SpaceTime RL has left out") == 1
    assert log.script_errors.count == 240_000
    assert log.script_errors.first == FIRST
    assert copy.stat().st_size < 9 * 2**20
    assert log.lines()[-1] == "last line"


def test_an_error_that_arrives_in_pieces_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "game.godot.log"
    path.touch()
    log = GameLog(path)
    for piece in ("SCRI", "PT ERROR: x\nUSER ERROR: y", "\n", "  SCRIPT ERROR: quoted\n"):
        with path.open("a") as game:
            game.write(piece)
        log.poll()
    assert (log.script_errors.count, log.engine_errors.count) == (1, 1)
    assert (log.script_errors.first, log.engine_errors.first) == ("x", "y")


def test_a_log_that_was_removed_is_no_fault(tmp_path: Path) -> None:
    GameLog(tmp_path / "gone.log").poll()
