"""Why a game of the stock plugin never connects is read from its scenes."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.silent import why_silent

PROJECT = '[application]\n\nrun/main_scene="{main}"\n'
SCENE = """[gd_scene load_steps=4 format=3 uid="uid://abc123"]

[ext_resource type="Script" path="res://addons/godot_rl_agents/sync.gd" id="1_s"]
[ext_resource type="PackedScene" uid="uid://robot" path="res://robot.tscn" id="2_r"]

[node name="Game" type="Node2D"]

[node name="Sync" type="Node" parent="."]
script = ExtResource("1_s")
{sync}

[node name="Robot" parent="." instance=ExtResource("2_r")]

[node name="AIController2D" parent="Robot" index="1"]
{overridden}
"""
ROBOT = """[gd_scene format=3]

[ext_resource type="Script" path="res://controller.{ending}" id="1"]

[node name="Robot" type="Node2D"]

[node name="Brain" type="Node2D" parent="."]
script = ExtResource("1")
{controller}
"""


def _why(folder: Path, main: str = "res://main.tscn", ending: str = "gd", **lines: str) -> str:
    given = {"sync": "", "overridden": "", "controller": "", **lines}
    (folder / "project.godot").write_text(PROJECT.format(main=main))
    (folder / "main.tscn").write_text(SCENE.format(**given))
    (folder / "robot.tscn").write_text(ROBOT.format(**given, ending=ending))
    (folder / "controller.gd").write_text("extends AIController2D\n")
    return why_silent(GameLaunch(project=folder))


@pytest.mark.parametrize(("mode", "name"), [(0, "Human"), (2, "Onnx Inference")])
def test_a_sync_node_that_does_not_train_is_named_with_its_mode(tmp_path: Path, mode: int, name: str) -> None:
    said = _why(tmp_path, sync=f"control_mode = {mode}")

    assert said == (
        f"; the Sync node 'Sync' in main.tscn has the control mode {name}: it does not train; set it to Training"
    )


def test_a_controller_with_a_mode_of_its_own_is_named_in_a_scene_within_the_scene(tmp_path: Path) -> None:
    said = _why(tmp_path, controller="control_mode = 3")

    assert "the AIController 'Brain' in robot.tscn has the control mode Onnx Inference" in said


def test_a_controller_that_an_instance_changes_is_named_where_it_is_changed(tmp_path: Path) -> None:
    assert "'AIController2D' in main.tscn has the control mode Human" in _why(tmp_path, overridden="control_mode = 1")


def test_scripts_in_csharp_are_said_to_need_dotnet(tmp_path: Path) -> None:
    said = _why(tmp_path, ending="cs")

    assert "scripts of its scene are C# (controller.cs), which only a Godot built with .NET runs" in said


def test_a_main_scene_named_by_its_uid_is_found(tmp_path: Path) -> None:
    assert "control mode Human" in _why(tmp_path, main="uid://abc123", sync="control_mode = 0")


def test_training_modes_and_other_scenes_of_the_project_are_no_reasons(tmp_path: Path) -> None:
    (tmp_path / "onnx.tscn").write_text(SCENE.format(sync="control_mode = 2", overridden=""))

    said = _why(tmp_path, sync="control_mode = 1", controller="control_mode = 2")

    assert said == ""


def test_of_a_project_without_a_scene_and_of_a_program_nothing_is_known(tmp_path: Path) -> None:
    assert why_silent(GameLaunch(project=tmp_path)) == ""
    assert why_silent(GameLaunch(env_path=tmp_path / "game.x86_64")) == ""
