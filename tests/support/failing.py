"""Commands that are to fail: how a test writes them, and what a user sees of them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from spacetime_rl.game.project import OWN_PROJECT

USAGE, FAULT = 2, 3  # exit codes

_FAKE_GAME = Path(__file__).with_name("fake_game.py")
_NAME = "spacetime-rl: "


@dataclass(frozen=True)
class Failure:
    """What a user sees of a command that failed; `message` is without the program's name before it."""

    code: int
    progress: str
    message: str
    warnings: tuple[str, ...]

    @property
    def headline(self) -> str:
        """The message without the lines of a log below it."""
        return self.message.splitlines()[0]


class Run(Protocol):
    """Run `spacetime-rl` with these arguments, behind the words of `through`, in this environment."""

    def __call__(self, *arguments: str, through: Sequence[str] = (), **environment: str) -> Failure: ...


def read_failure(done: subprocess.CompletedProcess[str]) -> Failure:
    """There is exactly one message, at the end of stderr, behind warnings of a line each, and no traceback.

    An evaluation that takes more than ten seconds, as on a busy machine, reports its progress in between.
    """
    text, *messages = done.stderr.split(_NAME)
    before = [line for line in text.splitlines() if not line.startswith("episodes=")]
    assert len(messages) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert all(line.startswith("WARNING ") for line in before)
    return Failure(done.returncode, done.stdout, messages[0].strip(), tuple(before))


def settings(**changes: object) -> list[str]:
    """Options that set these: `game__arenas=1` is `--set game.arenas=1`."""
    return [word for key, value in changes.items() for word in ("--set", f"{key.replace('__', '.')}={value}")]


def touch(**params: object) -> list[str]:
    """Options for the touch fixture on the real engine; `params` are its parameters."""
    scene = "res://tests/fixtures/touch/touch.tscn"
    chosen = {f"scenario__params__{key}": value for key, value in params.items()}
    return settings(game__project=OWN_PROJECT, game__scene=scene, game__arenas=1, **chosen)


def fake(folder: Path, fault: str = "", **changes: object) -> list[str]:
    """Options for the fake game, which does something wrong; `folder` is for its program."""
    call = f'exec {sys.executable} {_FAKE_GAME} "$@" --fault={fault}'
    return settings(env_path=make_program(folder / "fake" / "game.x86_64", call), game__arenas=1, **changes)


def make_program(path: Path, *lines: str) -> Path:
    """A shell script that can be run."""
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with what is in it, but for locks."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
