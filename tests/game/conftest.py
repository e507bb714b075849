"""For the tests of games: no test may leave a process behind."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from support.leftovers import MARK, marked_with

from spacetime_rl.game.launch import GameLaunch

SUPPORT = Path(__file__).parents[1] / "support"
FAKE_GAME = SUPPORT / "fake_game.py"
FAKE_STOCK_GAME = SUPPORT / "fake_stock_game.py"
_SAID = ("info", "reset", "step", "every_step", "script_errors")


@pytest.fixture(autouse=True)
def survivors(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[psutil.Process]]]:
    """The processes this test started that still live; there must be none when it ends."""
    mark = uuid.uuid4().hex
    monkeypatch.setenv(MARK, mark)  # inherited by everything the test starts

    yield lambda: marked_with(mark)
    _, alive = psutil.wait_procs(marked_with(mark), timeout=5)
    assert alive == []


@pytest.fixture
def fake() -> Callable[..., GameLaunch]:
    """Make a launch of the fake game; `fault` names what it does wrong, at step `at`."""

    def make(fault: str = "", at: int = 2, **changes: Any) -> GameLaunch:
        settings: dict[str, Any] = {"launch_timeout_s": 20.0, "step_timeout_s": 20.0}
        arguments = (f"--fault={fault}", f"--fault-at={at}")
        return GameLaunch(env_path=FAKE_GAME, extra_args=arguments, **{**settings, **changes})

    return make


@pytest.fixture
def fake_stock() -> Callable[..., GameLaunch]:
    """Make a launch of the fake stock game; `info`, `reset`, `step` (number `at`) replace parts of what it sends."""

    def make(at: int = 2, **changes: Any) -> GameLaunch:
        said = {key: changes.pop(key) for key in _SAID if key in changes}
        arguments = [f"--{key.replace('_', '-')}={json.dumps(value)}" for key, value in said.items()]
        arguments += ["--camera"] * changes.pop("camera", False)
        settings: dict[str, Any] = {"launch_timeout_s": 20.0, "step_timeout_s": 20.0}
        return GameLaunch(env_path=FAKE_STOCK_GAME, extra_args=(*arguments, f"--at={at}"), **{**settings, **changes})

    return make
