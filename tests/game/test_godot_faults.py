"""Faults of the real engine: each is found, told apart, and leaves nothing behind."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import psutil
import pytest

from spacetime_rl.errors import (
    ContractError,
    GameDied,
    GameError,
    LaunchError,
    LaunchTimeout,
    ObservationError,
    StepTimeout,
    UsageError,
)
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

Touch: TypeAlias = Callable[..., GameLaunch]


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (
            "script_error",
            GameDied,
            r"touch_arena.gd:\d+ in TouchArena._break_down: .* \(exit code 70: script error\); its log",
        ),
        ("engine_error", GameDied, r"touch_arena.gd:\d+ in _provoke: .* \(exit code 70: script error\); its log"),
        ("exit", GameDied, r"exit code 9"),
        ("die", GameDied, r"killed by SIG"),
        ("nan", ObservationError, r"observation age\[0\] of agent walker_0 is nan"),
    ],
)
def test_a_fault_in_mid_episode_is_told(touch: Touch, fault: str, error: type[GameError], message: str) -> None:
    game = open_game(touch({"fault": fault, "fault_tick": 20}))
    game.reset(seed=1)
    with pytest.raises(error, match=message):
        _play(game, decisions=20)


def test_a_script_error_at_start_is_told_with_its_line(touch: Touch) -> None:
    with pytest.raises(LaunchError, match=r"touch_arena.gd:\d+ in TouchArena._break_down"):
        open_game(touch({"fault": "build_error"}))


def test_a_script_that_does_not_parse_is_told(godot_bin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    project = tmp_path / "game"
    project.mkdir()
    (project / "project.godot").write_text('config_version=5\n[application]\nrun/main_scene="res://main.tscn"\n')
    (project / "main.gd").write_text("extends Node\n\nfunc _ready(:\n")
    (project / "main.tscn").write_text(
        '[gd_scene format=3]\n[ext_resource type="Script" path="res://main.gd" id="1"]\n'
        '[node name="Main" type="Node"]\nscript = ExtResource("1")\n'
    )
    with pytest.raises(LaunchTimeout, match=r"did not connect(.|\n)*main.gd:3"):
        open_game(GameLaunch(project=project, godot=godot_bin, launch_timeout_s=2.0))


def test_a_scene_that_does_not_exist_is_told(touch: Touch) -> None:
    project = touch().project
    with pytest.raises(UsageError, match=r"has no res://tests/fixtures/touch\.tscn; did you mean .*/touch/touch\.tscn"):
        open_game(GameLaunch(project=project, scene="res://tests/fixtures/touch.tscn"))


def test_a_game_that_hangs_is_found_at_its_deadline(touch: Touch) -> None:
    game = open_game(touch({"fault": "hang", "fault_tick": 2}, step_timeout_s=1.0))
    game.reset(seed=1)
    with pytest.raises(StepTimeout, match="no answer to STEP within 1 s"):
        _play(game, decisions=1)


def test_a_stopped_game_is_found_at_its_deadline(touch: Touch) -> None:
    game = open_game(touch(step_timeout_s=1.0))
    game.reset(seed=1)
    os.kill(game.pid, signal.SIGSTOP)
    with pytest.raises(StepTimeout, match="the process is stopped by a signal"):
        _play(game, decisions=1)


def test_a_killed_game_is_found_without_waiting_for_a_deadline(touch: Touch) -> None:
    game = open_game(touch())
    game.reset(seed=1)
    _play(game, decisions=3)
    os.kill(game.pid, signal.SIGKILL)
    with pytest.raises(GameDied, match="killed by SIGKILL"):
        _play(game, decisions=1000)


def test_a_killed_program_takes_its_stopped_game_with_it(touch: Touch) -> None:
    code = (
        "import pickle, sys, time; from spacetime_rl.game.client import open_game; "
        f"game = open_game(pickle.loads({pickle.dumps(touch())!r})); print(game.pid, flush=True); time.sleep(600)"
    )
    program = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert program.stdout is not None
    game = psutil.Process(int(program.stdout.readline()))
    game.suspend()
    program.kill()
    program.wait()
    game.wait(timeout=2)  # raises when it still lives


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"walkerz": 3}, r"'walkerz'.*did you mean '?walkers"),
        ({"walkers": "many"}, "walkers"),
        ({"walkers": 99}, "walkers"),
    ],
)
def test_wrong_parameters_are_refused_by_name(touch: Touch, params: dict[str, object], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        open_game(touch(params))


def test_parameters_change_between_episodes_and_wrong_ones_are_refused(touch: Touch) -> None:
    with open_game(touch({"touch_m": 0.0, "max_ticks": 12})) as game:
        game.reset(seed=1)
        game.configure({"max_ticks": 24})
        lengths = [end.metrics["length"] for _ in range(6) for end in game.step(_still(game)).ended]
        assert lengths == [2.0] * 3 + [4.0] * 3
        with pytest.raises(ContractError, match="max_tick"):
            game.configure({"max_tick": 24})


def _still(game: Game) -> list[np.ndarray]:
    return [
        np.zeros((game.spec.group_size(g), group.layout.action_size), np.float32)
        for g, group in enumerate(game.spec.groups)
    ]


def _play(game: Game, decisions: int) -> None:
    for _ in range(decisions):
        game.step(_still(game))
