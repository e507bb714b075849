"""A game of the stock plugin is played by a policy of its own, without .NET and Python, and as through Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray
from support.made_policies import LSTM, make_policy

from spacetime_rl.config import LstmConfig
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT, import_project
from spacetime_rl.game.spec import STOCK_WIRE, ActionField, ImageField, ObservationField, PolicyLayout

GAME = Path(__file__).parent.parent / "fixtures" / "stock_plugin_game"
SLIDE, PRESS = ActionField("slide", "continuous", 1), ActionField("press", "discrete", 3)
DECISIONS = 15  # of an episode
EPISODES = 6
DEADLINE_S = 60.0
SLOW = pytest.mark.slow  # each imports a project of its own, 10 s


def make_project(
    folder: Path,
    *actions: ActionField,
    seen: int = 4,
    images: tuple[ImageField, ...] = (),
    lstm: LstmConfig | None = None,
) -> Path:
    """The game with the addon and an untrained policy."""
    project = Path(shutil.copytree(GAME, folder / "game"))
    shutil.copytree(OWN_PROJECT / "addons", project / "addons")
    layout = PolicyLayout((ObservationField("obs", seen),), images, actions or (SLIDE, PRESS))
    export_module(make_policy(layout, lstm=lstm), "policy", project, Origin("game", None, None, {}, wire=STOCK_WIRE))
    return project


def set_sync(project: Path, setting: str) -> None:
    """Change a setting of the Sync node in the scene."""
    scene = project / "main.tscn"
    scene.write_text(scene.read_text().replace("action_repeat = 4", f"action_repeat = 4\n{setting}"))


def play_alone(project: Path, *options: str, until: str) -> str:
    """What the game prints without Python, until a line of it has `until`."""
    imported = import_project(project, find_godot())
    log = project.parent / "game.log"
    engine = [str(find_godot().path), "--headless", "--path", str(imported), "--fixed-fps", "60", *options]
    with log.open("wb") as output:
        game = subprocess.Popen(
            engine, stdout=output, stderr=output, env={**os.environ, "XDG_DATA_HOME": str(log.parent)}
        )
        try:
            end = time.monotonic() + DEADLINE_S
            while until not in log.read_text(errors="replace"):
                assert time.monotonic() < end, log.read_text(errors="replace")
                assert game.poll() is None, log.read_text(errors="replace")
                time.sleep(0.05)
        finally:
            game.terminate()
            game.wait(20)
    return log.read_text(errors="replace")


def decide(layout: PolicyLayout, output: NDArray[np.float32]) -> NDArray[np.float32]:
    """The most probable actions [n, 2] of what a policy computes."""
    actions, at = [], 0
    for action in layout.actions:
        part = output[:, at : at + action.size]
        actions.append(part.argmax(1) if action.kind == "discrete" else part[:, 0])
        at += action.size * (1 if action.kind == "discrete" else 2)
    return np.stack(actions, 1).astype(np.float32)


def play_through_python(project: Path) -> str:
    """What the same project prints when Python plays it with the same policy."""
    session = onnxruntime.InferenceSession(project / "policy.onnx")
    names = [given.name for given in session.get_inputs()]
    state = np.zeros([2, *session.get_inputs()[-1].shape[1:]], np.float32)
    with open_game(GameLaunch(project=project)) as game:
        layout = game.spec.groups[0].layout
        result = game.reset()
        for _ in range(DECISIONS * EPISODES + 10):
            seen = np.split(result.observations[0], [4], axis=1)
            given = {"obs": seen[0], "camera_2d": np.rint(255 * seen[1]), "state_ins": state}
            output, state = session.run(["output", "state_outs"], {name: given[name] for name in names})
            result = game.step([decide(layout, output)])
            state[result.terminated | result.truncated] = 0.0
        return game.log_path.read_text()


def endings(log: str) -> list[str]:
    """The endings of the episodes in which the policy played from the beginning."""
    return sorted(re.findall(r"^(?:First|Second) episode [1-5]: .+$", log, re.MULTILINE))


@pytest.mark.parametrize(
    "kind",
    [
        "with memory",
        pytest.param("without memory", marks=SLOW),
        pytest.param("without its schema", marks=SLOW),
        pytest.param("with sorted names", marks=SLOW),
        pytest.param("with a camera", marks=SLOW),
    ],
)
def test_it_plays_as_through_python(kind: str, tmp_path: Path, godot_bin: Path) -> None:
    actions = (PRESS, SLIDE) if kind == "with sorted names" else (SLIDE, PRESS)
    images = (ImageField("camera_2d", (22, 24, 3)),) if kind == "with a camera" else ()
    project = make_project(tmp_path, *actions, images=images, lstm=LSTM if kind == "with memory" else None)
    if kind == "without its schema":
        (project / "policy.schema.json").unlink()
    if kind == "with sorted names":
        set_sync(project, "sort_keys = true")
    if kind == "with a camera":
        scene = project / "main.tscn"
        scene.write_text(
            scene.read_text().replace('script = ExtResource("1")', 'script = ExtResource("1")\nhas_camera = true')
        )

    log = play_alone(project, until=f"Second episode {EPISODES}")

    alone = endings(log)
    assert len(alone) == 10
    assert len({line.partition(": ")[2] for line in alone}) == 10
    assert "Couldn't connect" not in log
    assert alone == endings(play_through_python(project))


@SLOW
def test_a_scene_that_is_set_to_play_by_csharp_needs_none(tmp_path: Path, godot_bin: Path) -> None:
    project = make_project(tmp_path)
    set_sync(project, "control_mode = 2")

    log = play_alone(project, until=f"Second episode {EPISODES}")

    assert len(endings(log)) == 10
    assert "ERROR" not in log


@SLOW
def test_a_policy_of_another_game_is_named_and_the_game_goes_on(tmp_path: Path, godot_bin: Path) -> None:
    project = make_project(tmp_path, SLIDE, seen=5)

    log = play_alone(project, until="policy.onnx")

    assert "RLStockPolicy (/root/Main/RLStockPolicy): /root/Main/First: its policy res://policy.onnx: " in log
    assert "field 1: the policy has obs 5, the game obs 4; " in log
    assert "action 2: the policy has none, the game press discrete 3" in log
