"""Whether a game holds its pace while it computes policies: `python -m tests.policies.ticks docs/in-game.md`.

Eight walkers of the scenario bench, with 16 rays each, are played by a network of 128x128 that decides at every one of
90 ticks a second, in a window on a screen of Xvfb. Two minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.made_policies import make_policy
from support.native_project import GDSCRIPT, NATIVE, Runtime, make_runtime
from support.screen import open_screen

from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT

BEGIN, END = "<!-- ticks: begin -->", "<!-- ticks: end -->"
SCENE = "res://scenarios/bench/bench.tscn"
AGENTS = 8
SECONDS = 40.0
# Drawing takes no part in a tick's time, but without a GPU it takes the cores: few and small pictures.
PICTURES = ["--resolution", "640x360", "--max-fps", "20"]
TITLES = {GDSCRIPT: "GDScript", NATIVE: "native"}


@dataclass(frozen=True)
class Ticks:
    """What a game printed: rates a second, the ticks in which agents had decided, and milliseconds a tick."""

    per_s: float
    pictures_per_s: float
    decided: int
    median_ms: float
    late_ms: float
    longest_ms: float


def export_policy(folder: Path, hiddens: tuple[int, ...] = (128, 128)) -> tuple[str, Path]:
    """The name of the walkers' policy, and an untrained one of these layers."""
    with open_game(GameLaunch(project=OWN_PROJECT, scene=SCENE, params={"players": AGENTS}, action_repeat=1)) as game:
        group, hz = game.spec.groups[0], game.spec.physics_hz
    policy = make_policy(group.layout, hiddens=hiddens)
    return group.name, export_module(policy, group.name, folder, Origin("bench", hz, 1, {})).onnx


def play(runtime: Runtime, policy: tuple[str, Path], display: str, seconds: float) -> Ticks:
    """Let the game play itself in a window."""
    name, file = policy
    options = [f"--policies={json.dumps({name: str(file)})}", f'--params={{"players": {AGENTS}}}', "--action_repeat=1"]
    command = [str(runtime.godot), "--path", str(runtime.project), "--xr-mode", "off", "--audio-driver", "Dummy"]
    command += ["--rendering-driver", "opengl3", *PICTURES, "--script", "res://tests/support/time_ticks.gd"]
    done = subprocess.run(
        [*command, "--", runtime.name, SCENE, str(seconds), *options],
        capture_output=True,
        text=True,
        timeout=seconds + 120,
        check=False,
        env={**os.environ, "DISPLAY": display},
    )
    lines = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ticks ")]
    if not lines:
        raise RuntimeError(done.stdout + done.stderr)
    per_s, pictures, decided, *times = lines[0]
    return Ticks(float(per_s), float(pictures), int(decided), *map(float, times))


def measure(folder: Path, seconds: float) -> Iterator[tuple[str, ...]]:
    """The rows of the table."""
    policy = export_policy(folder)
    with open_screen(folder) as screen:
        for name, title in TITLES.items():
            (folder / name).mkdir()
            found = play(make_runtime(name, find_godot(), folder / name), policy, screen.display, seconds)
            figures = (found.per_s, found.pictures_per_s, found.median_ms, found.late_ms, found.longest_ms)
            yield title, *(f"{figure:.1f}" if i < 2 else f"{figure:.2f}" for i, figure in enumerate(figures))


def main() -> None:
    page = Path(sys.argv[1])
    header = ("computed by", "ticks a second", "pictures a second", "median, ms", "99 % within, ms", "longest, ms")
    with tempfile.TemporaryDirectory() as folder:
        text = table(header, list(measure(Path(folder), SECONDS)))
    page.write_text(fill(page.read_text(), BEGIN, END, text))


if __name__ == "__main__":
    main()
