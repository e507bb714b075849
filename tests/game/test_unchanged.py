"""What is added to our copy of a project that knows nothing of reinforcement learning; which projects are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spacetime_rl.errors import UsageError
from spacetime_rl.game.engine import Godot
from spacetime_rl.game.project_settings import get_setting, set_setting
from spacetime_rl.game.unchanged import Unchanged, knows_of_learning, physics_hz_of, refuse_what_cannot_be_played

PLAIN = Path(__file__).parent.parent / "fixtures" / "plain_game"
GODOT = Godot(Path("godot"), (4, 6, 3))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(PLAIN, tmp_path / "plain_game")


def change(project: Path, section: str, key: str, value: str) -> None:
    file = project / "project.godot"
    file.write_text(set_setting(file.read_text(), section, key, value))


def refusal(project: Path, scene: str | None = None) -> str:
    with pytest.raises(UsageError) as refused:
        refuse_what_cannot_be_played(project, scene, GODOT)
    return str(refused.value)


def test_the_copy_gets_the_addon_and_an_autoload_before_all_others(project: Path) -> None:
    Unchanged().prepare(project)
    lines = (project / "project.godot").read_text().splitlines()
    autoloads = [line for line in lines[lines.index("[autoload]") + 1 :] if line][:2]
    assert [line.partition("=")[0] for line in autoloads] == ["RLUnchanged", "Score"]
    assert (project / "addons/spacetime_rl/unchanged/rl_unchanged.gd").is_file()


def test_a_project_without_autoloads_gets_the_section(project: Path) -> None:
    file = project / "project.godot"
    file.write_text('config_version=5\n\n[application]\n\nrun/main_scene="res://menu.tscn"\n')
    Unchanged().prepare(project)
    assert get_setting(file.read_text(), "autoload", "RLUnchanged") is not None
    assert get_setting(file.read_text(), "application", "run/main_scene") == '"res://menu.tscn"'


def test_dice_and_clocks_follow_the_episode_and_no_line_moves(project: Path) -> None:
    before = {path.name: path.read_text() for path in project.glob("*.gd")}
    Unchanged().prepare(project)
    after = {path.name: path.read_text() for path in project.glob("*.gd")}
    assert "RLStandIn.sow()" in after["score.gd"]
    assert "randomize()" not in after["score.gd"]
    assert "Time.get_ticks_msec" not in after["player.gd"]
    assert "RandomNumberGenerator.new" not in after["player.gd"]
    assert {name: text.count("\n") for name, text in after.items()} == {
        name: text.count("\n") for name, text in before.items()
    }


def test_a_function_of_the_games_own_by_the_name_of_randomize_is_left_alone(project: Path) -> None:
    (project / "maze.gd").write_text("extends Node\n\n\nfunc randomize() -> void:\n\tpass\n")
    (project / "level.gd").write_text("extends Node\n\n\nfunc _ready() -> void:\n\t$Maze.randomize()\n")
    Unchanged().prepare(project)
    assert "$Maze.randomize()" in (project / "level.gd").read_text()


def test_settings_that_would_make_two_runs_differ_are_switched_off(project: Path) -> None:
    change(project, "physics", "3d/run_on_separate_thread", "true")
    Unchanged().prepare(project)
    text = (project / "project.godot").read_text()
    assert get_setting(text, "physics", "3d/run_on_separate_thread") == "false"


def test_actions_of_the_engine_that_a_script_names_are_pressed_too(project: Path) -> None:
    (project / "door.gd").write_text(
        'extends Node\n\n\nfunc f(e: InputEvent) -> bool:\n\treturn e.is_action("ui_up")\n'
    )
    Unchanged().prepare(project)
    text = (project / "project.godot").read_text()
    assert get_setting(text, "spacetime_rl", "ui_actions") == 'PackedStringArray("ui_up")'
    assert get_setting(text, "spacetime_rl", "unit") == '"px"'


def test_it_ticks_at_the_projects_own_rate(project: Path) -> None:
    assert physics_hz_of(project) == 60
    change(project, "physics", "common/physics_ticks_per_second", "144")
    assert physics_hz_of(project) == 144


def test_a_c_sharp_project_is_refused_with_the_reason(project: Path) -> None:
    (project / "Game.csproj").write_text("<Project/>")
    assert "C# project (Game.csproj)" in refusal(project)
    assert "without .NET" in refusal(project)


def test_a_main_loop_of_its_own_is_refused(project: Path) -> None:
    change(project, "application", "run/main_loop_type", '"MyLoop"')
    assert "run/main_loop_type" in refusal(project)


def test_a_project_without_a_main_scene_needs_one_by_name(project: Path) -> None:
    file = project / "project.godot"
    file.write_text(file.read_text().replace('run/main_scene="res://menu.tscn"\n', ""))
    assert "game.scene" in refusal(project)
    refuse_what_cannot_be_played(project, "res://level.tscn", GODOT)


@pytest.mark.parametrize("addon", ["spacetime_rl", "godot_rl_agents"])
def test_a_project_that_knows_of_learning_is_not_played_as_one_that_does_not(project: Path, addon: str) -> None:
    assert not knows_of_learning(project)
    (project / "addons" / addon).mkdir(parents=True)
    assert knows_of_learning(project)
    assert "brings its own agents" in refusal(project)
