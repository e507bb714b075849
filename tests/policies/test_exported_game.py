"""An exported game is played by its trained policy, without Python and without the raw `.onnx` file."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import screen

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.ensure import ensure_template
from spacetime_rl.game.export_game import PRESET, add_preset, export_game
from spacetime_rl.game.project import OWN_PROJECT

FLAG_GAME = Path(__file__).parent.parent / "fixtures" / "flag_game"
EPISODES = 3
DEADLINE_S = 120.0
# Exporting takes 20 s and a program of 80 MB; a window without a GPU draws 20 pictures a second.
pytestmark = pytest.mark.slow


def make_project(folder: Path) -> Path:
    """The flag game with the addon."""
    project = Path(shutil.copytree(FLAG_GAME, folder / "flag_game"))
    shutil.copytree(OWN_PROJECT / "addons", project / "addons")
    return project


def export(project: Path) -> Path:
    """The project as a program, made with the archive's release template."""
    godot = find_godot()
    ensure_template(godot)
    return export_game(project, project.parent / "flag_game.x86_64", godot).path


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(make_project(tmp_path_factory.mktemp("exported")))


@contextmanager
def running(program: Path, log: Path, *options: str, display: str = "") -> Iterator[subprocess.Popen[bytes]]:
    """The program, playing by itself; stopped at the end if it has not ended."""
    environment = {**os.environ, "DISPLAY": display, "XDG_DATA_HOME": str(log.parent / "data")}
    with log.open("wb") as output:
        game = subprocess.Popen([program, *options], stdout=output, stderr=output, env=environment)
        try:
            yield game
        finally:
            if game.poll() is None:
                game.send_signal(signal.SIGTERM)
            game.wait(20)


def wait_for(condition: Callable[[], bool], log: Path) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, log.read_text(errors="replace")
        time.sleep(0.05)


def endings(log: Path) -> list[str]:
    return re.findall(r"^episode \d+: (.+) after \d+ decisions$", log.read_text(errors="replace"), re.MULTILINE)


def differing(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> int:
    """How many pixels of two pictures differ."""
    return int((a != b).any(axis=2).sum())


@pytest.mark.skipif(bool(screen.missing()), reason=screen.missing())
def test_the_policy_plays_the_release_build_in_a_window(program: Path, tmp_path: Path) -> None:
    log = tmp_path / "game.log"
    with screen.open_screen(tmp_path) as shown, running(program, log, display=shown.display) as game:
        wait_for(lambda: len(endings(log)) >= EPISODES or game.poll() is not None, log)
        first = shown.picture()
        wait_for(lambda: differing(shown.picture(), first) > 500, log)  # the walker has moved

        assert game.poll() is None, log.read_text(errors="replace")

    assert endings(log)[:EPISODES] == ["at the flag"] * EPISODES
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 50  # a picture, not a plain colour


def test_without_a_screen_it_plays_the_same_episodes_each_time(program: Path, tmp_path: Path) -> None:
    logs = [tmp_path / "first.log", tmp_path / "second.log"]
    for log in logs:
        with running(program, log, "--headless", "--fixed-fps", "60"):
            wait_for(lambda log=log: len(endings(log)) >= 20, log)  # type: ignore[misc]

    first, second = (re.findall(r"^episode.+", log.read_text(), re.MULTILINE)[:20] for log in logs)
    assert first == second
    assert sum("at the flag" in line for line in first) == 20


def test_a_policy_that_the_build_lacks_is_named_with_its_agent_and_what_to_do(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    add_preset(project, PRESET)
    presets = project / "export_presets.cfg"
    presets.write_text(presets.read_text().replace('exclude_filter=""', 'exclude_filter="*.onnx"'))
    log = tmp_path / "game.log"

    with running(export(project), log, "--headless") as game:
        wait_for(lambda: game.poll() is not None, log)

    said = [line for line in log.read_text().splitlines() if "SPACETIME-ERROR" in line]
    assert said == [
        "SPACETIME-ERROR: agent 'walker_0' (/root/Main/Bridge/Arena/Walker/Agent): its policy "
        "res://policies/walker.onnx: this build of the game does not have it. In the project that it was exported "
        "from, enable the plugin SpaceTime RL, so that the file is imported, and export it: the preset must not "
        "exclude it"
    ]
    assert game.returncode == 4
