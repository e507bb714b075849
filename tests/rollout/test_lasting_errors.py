"""What a runner cannot play is handed over as the reason, at once: nothing is tried again that cannot pass."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.fake_runs import make_config, make_runner
from support.toy_game import FakeGame, FakeGameOpener, make_group, make_layout

from spacetime_rl.errors import GodotNotFound, ImportFailed, SpacetimeError, UsageError, UserCodeError
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.learning.algorithm import play

ONE = (make_group("giver", 2, make_layout()),)
CALLBACK = """from ray.rllib.callbacks.callbacks import RLlibCallback


class Fails(RLlibCallback):
    def on_episode_end(self, **kwargs):
        raise ValueError("no wind here")
"""


@pytest.mark.parametrize("fault", [GodotNotFound("no usable Godot"), ImportFailed("a script does not parse")])
def test_a_game_that_can_never_be_played_is_not_started_again(
    fault: SpacetimeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeGame, "requests", 0)
    runner = make_runner(FakeGameOpener(ONE, fault=fault, fails_at=(2,)))  # type: ignore[arg-type]
    assert play(runner, 10) is fault
    assert FakeGame.requests == 2


def test_a_game_that_is_not_where_the_runner_looks_is_told_at_once() -> None:
    def missing(_: GameLaunch) -> FakeGame:
        raise UsageError("game.env_path: /games/x.x86_64 is not a file")

    runner = make_runner(FakeGameOpener(ONE), open=missing)
    found = play(runner, 10)
    assert isinstance(found, UsageError)


def test_a_users_callback_that_raises_while_playing_is_told_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fails_at_end.py").write_text(CALLBACK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    runner = make_runner(FakeGameOpener(ONE), make_config(callbacks=["fails_at_end.Fails"]))
    found = play(runner, 50)
    assert isinstance(found, UserCodeError)
    assert str(found) == f"{tmp_path}/fails_at_end.py:6: ValueError: no wind here"
    assert found.trace.splitlines()[-2:] == ['    raise ValueError("no wind here")', "ValueError: no wind here"]
