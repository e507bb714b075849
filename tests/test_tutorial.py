"""The tutorial: every command of its page, in its order, in a new folder, with less training."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import screen

from spacetime_rl.episodes.video import find_ffmpeg
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.ensure import ensure_template

FILES = Path(__file__).parents[1] / "docs" / "tutorial"
PAGE = FILES / "an-enemy.md"
SHORT = "--set scenario.params.round_ticks=120 --episodes 1"
# What is added to a command so that it takes less time, and ends by itself.
ADDED = {
    "spacetime-rl inspect . --time 5": "",
    "spacetime-rl play .": SHORT,
    "spacetime-rl play hunter.yaml --policy hunter": SHORT,
    "spacetime-rl train hunter.yaml": "--set stop.agent_steps=60000 --set evaluation.episodes=20 --json",
    "spacetime-rl eval hunter --episodes 50 --in-game": "--json",
    "./build/hunter.x86_64": "--headless --fixed-fps 60 --quit-after 300",
}
# Plays the game as its players get it, with nobody at the keys, and says how near the hunter comes.
PROBE = """extends Node

var _nearest := INF


func _physics_process(_delta: float) -> void:
	var room := $Game/Bridge.get_child(0)
	var hunter: Node2D = room.get_node("Hunter")
	_nearest = minf(_nearest, hunter.position.distance_to(room.get_node("Runner").position))
	if Engine.get_physics_frames() == 300:
		print("nearest: ", _nearest)
		get_tree().quit()
"""
PROBE_SCENE = """[gd_scene format=3]

[ext_resource type="Script" path="res://probe.gd" id="probe"]
[ext_resource type="PackedScene" path="res://game.tscn" id="game"]

[node name="Probe" type="Node"]
script = ExtResource("probe")

[node name="Game" parent="." instance=ExtResource("game")]
"""


def commands() -> list[str]:
    """Every command of the page, in its order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def test_every_file_of_the_tutorial_is_copied_by_one_of_its_commands() -> None:
    copied = set(re.findall(r"\$FILES/(\w+)", "\n".join(commands())))

    assert copied == {path.name for path in FILES.iterdir() if path.is_dir()} - {"images"}


class Shell:
    """Runs commands one after the other in a folder, as somebody who has activated the environment."""

    def __init__(self, folder: Path, display: str) -> None:
        self.folder = folder
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "DISPLAY": display, "FILES": str(FILES)}

    def run(self, command: str, more: str) -> str:
        """What it printed. It has to end with exit code 0, and no script may have an error."""
        said = subprocess.run(
            ["bash", "-ec", f"{command} {more}"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        both = f"{command}\n{said.stdout}\n{said.stderr}"
        assert said.returncode == 0, both
        assert "SCRIPT ERROR" not in both, both
        return said.stdout


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    with screen.open_screen(tmp_path) as shown:
        yield shown.display


# It imports a project seven times, trains, and plays in real time in a window: three minutes.
@pytest.mark.slow
@pytest.mark.skipif(bool(screen.missing()), reason=screen.missing())
def test_the_tutorial_ends_with_a_game_whose_enemy_hunts(tmp_path: Path, display: str) -> None:
    find_ffmpeg()
    ensure_template(find_godot())
    shell = Shell(tmp_path, display)
    said = {}
    for command in commands():
        if command.startswith(("FILES=", "spacetime-rl godot install")):
            continue
        if command.startswith("cd "):
            shell.folder = shell.folder / command.split()[1]
            continue
        said[command] = shell.run(command, next((more for of, more in ADDED.items() if command.startswith(of)), ""))

    trained = json.loads(said["spacetime-rl train hunter.yaml --run-id hunter"])
    in_game = json.loads(said["spacetime-rl eval hunter --episodes 50 --in-game"])
    success = {player: report["overall"]["success_rate"] for player, report in trained["evaluation"].items()}
    assert success["trained"] > success["random"] + 0.2, success
    assert in_game["overall"]["success_rate"] > success["random"] + 0.2, in_game
    assert list((shell.folder / "results").rglob("*.mp4"))
    assert nearest(shell.folder) < 60.0  # pixels; they begin 640 from each other


def nearest(project: Path) -> float:
    """How near the hunter comes to a runner who stands still, in five seconds of the finished game."""
    (project / "probe.gd").write_text(PROBE)
    (project / "probe.tscn").write_text(PROBE_SCENE)
    godot = [str(find_godot().path), "--headless", "--path", str(project)]
    subprocess.run([*godot, "--import"], capture_output=True, timeout=120, check=True)
    played = subprocess.run(
        [*godot, "--fixed-fps", "60", "res://probe.tscn"], capture_output=True, text=True, timeout=120, check=True
    )
    assert "ERROR" not in played.stderr, played.stderr
    return float(re.findall(r"nearest: ([\d.]+)", played.stdout)[0])
