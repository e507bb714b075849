"""A game of the stock plugin with one policy, as a program."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import import_project

STOCK_GAME = Path(__file__).parent.parent / "fixtures" / "stock_game"


@pytest.fixture
def walkers(godot_bin: Path, tmp_path: Path) -> Path:
    """Two agents of the policy `walker`, whose info has `goals_scored`."""
    game = tmp_path / "walkers.x86_64"
    program = [str(godot_bin), "--path", str(import_project(STOCK_GAME, find_godot())), "res://walkers.tscn"]
    game.write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n')
    game.chmod(0o755)
    return game
