"""The panel of the real editor: it lists a scene, trains a project, stops the training, and takes its policies in."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.game.addon import add_addon

FLAG_GAME = Path(__file__).parents[1] / "fixtures" / "flag_game"
DRIVER = """@tool
extends EditorPlugin
## Uses the dock as a person would, and writes down what it shows.


func _enter_tree() -> void:
	_drive.call_deferred()


func _drive() -> void:
	while EditorInterface.get_resource_filesystem().is_scanning():
		await get_tree().process_frame
	EditorInterface.open_scene_from_path("res://arena.tscn")
	await get_tree().process_frame
	var dock: RLDock = EditorInterface.get_base_control().find_children("*", "RLDock", true, false)[0]
	var seen := {"list": _texts(dock.find_children("*", "Tree", true, false)[0].get_root())}
	dock.train()
	var frames := 0
	while dock.is_busy():
		frames += 1
		if "agent steps" in dock.log_text() and not seen.has("stopped"):
			seen["stopped"] = true
			dock.stop()
		await get_tree().process_frame
	seen["frames"] = frames
	dock.take_policies()
	while dock.is_busy():
		await get_tree().process_frame
	seen["log"] = dock.log_text()
	FileAccess.open("res://../seen.json", FileAccess.WRITE).store_string(JSON.stringify(seen))
	get_tree().quit()


func _texts(item: TreeItem) -> Array:
	var found := [item.get_text(0)]
	for child: TreeItem in item.get_children():
		found.append_array(_texts(child))
	return found
"""


@pytest.mark.slow  # an import, the editor and a training
def test_the_dock_of_the_editor_trains_a_project_and_takes_its_policies(godot_bin: Path, tmp_path: Path) -> None:
    project = shutil.copytree(FLAG_GAME, tmp_path / "game")
    add_addon(project)
    old = (project / "policies" / "walker.onnx").read_bytes()

    seen = drive(project, godot_bin)

    assert seen["list"][1:4] == ["Agents (1)", "Walker, policy 'walker'", "sees target/offset: 3"]
    assert seen["frames"] > 100, "the editor went on meanwhile"
    log = seen["log"]
    assert "agent steps" in log
    assert "res://policies/walker.onnx: the policy of the RLAgents walker_0\n" in log
    (run,) = [path.name for path in (project / "results").glob("game-*")]
    assert f"export {run} --into {project}" in log
    assert (project / "policies" / "walker.onnx").read_bytes() != old


def drive(project: Path, godot: Path) -> dict[str, Any]:
    """What the dock shows while a plugin of the project uses it."""
    plugin = project / "addons" / "driver"
    plugin.mkdir()
    (plugin / "driver.gd").write_text(DRIVER)
    (plugin / "plugin.cfg").write_text('[plugin]\nname="Driver"\nversion="1"\nscript="driver.gd"\n')
    settings = project / "project.godot"
    text = settings.read_text()
    settings.write_text(text.replace('plugin.cfg")', 'plugin.cfg", "res://addons/driver/plugin.cfg")'))
    configuration = project / "train.yaml"
    configuration.write_text(configuration.read_text() + "rollout: {runners: 1}\n")
    private = {f"XDG_{kind}_HOME": str(project.parent / kind) for kind in ("CONFIG", "DATA")}
    private["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # where the dock finds the command
    subprocess.run([godot, "--headless", "--path", project, "--import"], check=True, timeout=200, capture_output=True)
    done = subprocess.run(
        [godot, "--headless", "--editor", "--path", project],
        env={**os.environ, **private},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^SpaceTime RL \d+\.\d+\.\d+: the plugin is enabled$", done.stdout, re.MULTILINE)
    seen: dict[str, Any] = json.loads((project.parent / "seen.json").read_text())
    return seen
