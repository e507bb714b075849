"""What several tests share: the real Godot, a small game in it, and one local Ray for the whole session."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.host import signals
from spacetime_rl.tuning import private_ray
from spacetime_rl.tuning.ray_session import start_private_ray

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Small networks on a busy machine: threads that wait for each other's core cost more than they give.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A shell makes its background jobs ignore Ctrl-C, and what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Files that train whole runs, longest first: begun last, one would hold up the end of tests that run side by side.
LONG = (
    "test_resume.py",
    "test_sweep_run.py",
    "test_stock_training.py",
    "test_run.py",
    "test_algorithms.py",
    "test_ppo.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones; the others stay in their order."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(autouse=True)
def own_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command or a script that runs inside a test leaves the signals to the tests.

    One that owned them would end this process, with all of its tests, at the next signal that a test sends.
    """
    monkeypatch.setattr(signals, "listen", lambda: None)
    monkeypatch.setattr(signals, "finish", lambda: None)


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """A Ray of two CPUs on this machine, whose workers find the modules of this folder."""
    # No empty entry: it would be the folder in which a program is started.
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    start_private_ray(cpus=2)
    yield
    private_ray.stop()


@pytest.fixture(scope="session")
def godot_bin() -> Path:
    """The Godot of this machine; without one the test fails, as it is about the real engine."""
    return find_godot().path


@pytest.fixture
def touch(godot_bin: Path) -> Callable[..., GameLaunch]:
    """Make a launch of the touch fixture, the smallest complete scenario; `params` are its parameters."""

    def make(params: dict[str, Any] | None = None, **changes: Any) -> GameLaunch:
        scene = "res://tests/fixtures/touch/touch.tscn"
        return GameLaunch(project=OWN_PROJECT, scene=scene, params=params or {}, **changes)

    return make
