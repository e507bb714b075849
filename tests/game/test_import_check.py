"""What an import lost is named; Godot's exit code would be 0."""

from __future__ import annotations

import logging
import platform
from pathlib import Path

import pytest

from spacetime_rl.errors import ImportFailed
from spacetime_rl.game.blender import find_blender, switch_off, write_import_settings
from spacetime_rl.game.engine import Godot, check_godot
from spacetime_rl.game.import_check import NothingImported, blend_files, find_problems
from spacetime_rl.game.project import import_project

_ICON = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>'
_STANDARD = "Godot Engine v4.6.3.stable.official\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, on a machine without Blender and without settings of an editor."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    folder = tmp_path / "game"
    folder.mkdir()
    (folder / "project.godot").write_text("config_version=5\n")
    return folder


def _program(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return path


def _imported(project: Path, name: str, result: str = "") -> None:
    (project / name).write_text("content")
    (project / f"{name}.import").write_text(result or 'importer="texture"\n')


def test_a_blend_file_stops_no_other_import_and_is_named(
    godot_bin: Path, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (project / "icon.svg").write_text(_ICON)
    (project / "table.blend").write_bytes(b"BLENDER-v300")

    copy = import_project(project, check_godot(godot_bin, "this machine"))

    assert list((copy / ".godot" / "imported").glob("icon.svg-*.ctex"))
    assert (project / "project.godot").read_text() == "config_version=5\n"
    assert (
        f"{project}: table.blend: not imported, because there is no Blender on this machine; install it" in caplog.text
    )


def test_what_is_missing_is_said_by_every_process_that_runs_the_copy(
    project: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    godot = Godot(_program(tmp_path / "godot", 'touch "$3/icon.svg.import"'), (4, 6, 3))
    (project / "icon.svg").write_text(_ICON)
    (project / "table.blend").touch()
    copy = import_project(project, godot)
    caplog.clear()
    from spacetime_rl.game import project as module

    module._warn.cache_clear()  # as in another process

    assert import_project(project, godot) == copy
    assert import_project(project, godot) == copy
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_an_import_of_nothing_is_an_error_with_the_engines_words(project: Path, tmp_path: Path) -> None:
    (project / "icon.svg").write_text(_ICON)
    godot = Godot(_program(tmp_path / "godot", "echo progress", "echo 'ERROR: a path is not set.'"), (4, 6, 3))
    with pytest.raises(ImportFailed, match=r"imported no file of .*game; it says:\n  \| ERROR: a path is not set\."):
        import_project(project, godot)


def test_a_project_without_files_to_import_is_whole(project: Path) -> None:
    assert find_problems(project, _STANDARD, without_blender=False) == []


def test_files_that_were_not_imported_are_named_with_the_engines_reason(project: Path) -> None:
    _imported(project, "good.png")
    _imported(project, "kept.png", 'importer="keep"\n')
    _imported(project, "bad.png", "valid=false\n")
    _imported(project, "lost.wav", 'dest_files=["res://.godot/imported/lost.sample"]\n')
    output = (
        "ERROR: something else.\n[  16% ] reimport | bad.png\n"
        'ERROR: Condition "!success" is true. Returning: ERR_FILE_CORRUPT\n'
        "ERROR: Error loading image: 'res://bad.png'.\nERROR: Error importing 'res://bad.png'.\n"
    )
    assert find_problems(project, _STANDARD + output, without_blender=False) == [
        "bad.png (Error loading image: 'res://bad.png'), lost.wav: not imported; the game has no such resources"
    ]


def test_files_in_folders_that_godot_passes_over_are_not_missed(project: Path) -> None:
    for folder in ("ignored", ".godot"):
        (project / folder).mkdir()
        (project / folder / "a.png").touch()
        (project / folder / "a.blend").touch()
    (project / "ignored" / ".gdignore").touch()
    assert find_problems(project, _STANDARD, without_blender=True) == []
    assert blend_files(project) == []


def test_pointers_of_git_lfs_are_told_from_files(project: Path) -> None:
    (project / "sky.png").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n")
    assert find_problems(project, _STANDARD, without_blender=False) == [
        "sky.png: Git LFS pointers, not the files themselves; run `git lfs pull`"
    ]


def test_a_reference_to_nothing_is_named_with_the_file_of_other_case(project: Path) -> None:
    (project / "player.gd").touch()
    (project / "moved.tres").write_text('[gd_resource type="Curve" format=3 uid="uid://abc1"]\n')
    (project / "main.tscn").write_text(
        '[ext_resource type="Script" path="res://Player.gd" id="1"]\n'
        '[ext_resource type="Curve" uid="uid://abc1" path="res://old/place.tres" id="2"]\n'
        '[ext_resource type="Texture2D" uid="uid://gone" path="res://sky.png" id="3"]\n'
    )
    (project / "project.godot").write_text('[autoload]\nScore="*res://score.gd"\n[input]\nx="res://not_one"\n')
    assert find_problems(project, _STANDARD, without_blender=False) == [
        "Player.gd (named in main.tscn; it is player.gd: upper and lower case differ on Linux), "
        "sky.png (named in main.tscn), score.gd (named in project.godot): not in the project"
    ]


def test_an_extension_without_its_library_is_named(project: Path) -> None:
    machine = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    (project / "there.so").touch()
    for name, libraries in {
        "good": f'linux.debug.{machine} = "there.so"\n',
        "gone": f'linux.{machine} = "res://bin/gone.so"\n',
        "other": 'windows.x86_64 = "res://bin/other.dll"\n',
    }.items():
        (project / f"{name}.gdextension").write_text(f"[libraries]\n{libraries}")
    gone, other = find_problems(project, _STANDARD, without_blender=False)
    assert (
        gone == "gone.gdextension: a GDExtension whose library res://bin/gone.so is not there; the game runs without it"
    )
    assert other.startswith(f"other.gdextension: a GDExtension without a library for Linux, {machine}")


def test_a_blend_file_that_a_scene_needs_is_named_first_with_the_scene(project: Path) -> None:
    (project / "a.blend").touch()
    (project / "b.blend").touch()
    (project / "main.tscn").write_text('[ext_resource type="PackedScene" path="res://b.blend" id="1"]\n')
    (problem,) = find_problems(project, _STANDARD, without_blender=True)
    assert problem.startswith("b.blend (named in main.tscn), a.blend: not imported, because there is no Blender")


def test_csharp_scripts_need_an_engine_with_dotnet(project: Path) -> None:
    (project / "Robot.cs").touch()
    (project / "main.tscn").write_text('[ext_resource type="Script" path="res://Robot.cs" id="1"]\n')
    (problem,) = find_problems(project, _STANDARD, without_blender=False)
    assert problem.startswith("Robot.cs: C# scripts, and this Godot is built without .NET: they do not run")
    assert find_problems(project, "Godot Engine v4.6.3.stable.mono.official\n", without_blender=False) == []


def test_nothing_imported_is_told_from_little(project: Path) -> None:
    (project / "a.png").touch()
    with pytest.raises(NothingImported):
        find_problems(project, _STANDARD, without_blender=False)


def test_the_importer_is_switched_off_in_place_of_what_the_project_says(project: Path) -> None:
    file = project / "project.godot"
    file.write_text("config_version=5\n\n[filesystem]\n\nimport/blender/enabled=true\nimport/x=1\n\n[input]\n")
    switch_off(file)
    assert file.read_text() == (
        "config_version=5\n\n[filesystem]\nimport/blender/enabled=false\n\nimport/x=1\n\n[input]\n"
    )


def test_blender_is_where_the_editor_was_told_or_on_path(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _program(tmp_path / "engine" / "godot")
    assert find_blender(engine) is None
    on_path = _program(tmp_path / "bin" / "blender")
    monkeypatch.setenv("PATH", str(on_path.parent))
    assert find_blender(engine) == on_path
    chosen = _program(tmp_path / "my blender" / "blender")
    settings = tmp_path / "config" / "godot" / "editor_settings-4.5.tres"
    settings.parent.mkdir(parents=True)
    settings.write_text(
        f'[resource]\nfilesystem/import/blender/blender_path = "{chosen}"\nfilesystem/import/blender/rpc_port = 0\n'
    )
    assert find_blender(engine) == chosen

    write_import_settings(engine, tmp_path / "private", (4, 6, 3))

    given = (tmp_path / "private" / "godot" / "editor_settings-4.6.tres").read_text()
    assert f'filesystem/import/blender/blender_path = "{chosen}"\n' in given
    assert "filesystem/import/blender/rpc_port = 0\n" in given


def test_an_engine_with_settings_of_its_own_is_given_the_path_there(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = _program(tmp_path / "engine" / "godot")
    (engine.parent / "._sc_").touch()
    blender = _program(tmp_path / "bin" / "blender")
    monkeypatch.setenv("PATH", str(blender.parent))
    own = engine.parent / "editor_data" / "editor_settings-4.6.tres"
    own.parent.mkdir()
    own.write_text("[resource]\ninterface/theme = 1\n")

    write_import_settings(engine, tmp_path / "private", (4, 6, 3))

    assert own.read_text() == (
        f'[resource]\ninterface/theme = 1\nfilesystem/import/blender/blender_path = "{blender}"\n'
    )
