"""Exported games: a pack plays the same episodes as its project, and presets and templates are found or explained."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.command import Done, run_command

from spacetime_rl.episodes.build import describe_build
from spacetime_rl.errors import GodotNotFound, UsageError
from spacetime_rl.game import templates
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import Godot, find_godot
from spacetime_rl.game.export_game import PRESET, ExportFailed, add_preset, export_game, presets_in
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.program import machine_name
from spacetime_rl.game.project import OWN_PROJECT

TOUCH = "res://tests/fixtures/touch/touch.tscn"
OLD_PRESETS = """[preset.0]

name="Windows Desktop"
platform="Windows Desktop"
runnable=true
export_filter="all_resources"
include_filter=""
exclude_filter=""

[preset.0.options]

custom_template/release=""
"""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The touch scene as a pack."""
    return export_game(OWN_PROJECT, tmp_path_factory.mktemp("export") / "touch.pck", find_godot(), scene=TOUCH).path


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def play(launch: GameLaunch) -> list[np.ndarray]:
    with open_game(launch) as game:
        state = game.reset(3, 0, 1)
        seen = [part.copy() for part in state.observations]
        while not state.ended:
            state = game.step([np.ones((len(g.agents), g.layout.action_size), np.float32) for g in game.spec.groups])
            seen += [part.copy() for part in state.observations]
        return seen


def test_a_pack_plays_the_same_episode_as_its_project(pack: Path) -> None:
    ours, theirs = play(GameLaunch(env_path=pack)), play(GameLaunch(project=OWN_PROJECT, scene=TOUCH))

    assert len(ours) == len(theirs) > 2
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_a_pack_is_a_build_with_the_engine_that_runs_it(pack: Path) -> None:
    build = describe_build(GameLaunch(env_path=pack))

    assert (build.game, build.engine) == ("touch.pck", find_godot().version_text)


def test_a_pack_is_evaluated_as_any_exported_game(pack: Path, command: Callable[..., Done]) -> None:
    done = command("eval", "random", "--set", f"game.env_path={pack}", "--episodes", "2", "--json")

    assert done.code == 0, done.err
    assert '"episodes": 2' in done.out


def test_a_file_that_is_no_pack_is_refused(tmp_path: Path, command: Callable[..., Done]) -> None:
    (tmp_path / "game.pck").write_text("no pack")

    done = command("eval", "random", "--set", "game.env_path=game.pck")

    assert (done.code, "is not a pack of a Godot game" in done.err) == (2, True)


def small_project(folder: Path) -> Path:
    project = folder / "small"
    project.mkdir()
    (project / "project.godot").write_text('config_version=5\n\n[application]\n\nrun/main_scene="res://main.tscn"\n')
    (project / "main.tscn").write_text('[gd_scene format=3]\n\n[node name="Main" type="Node"]\n')
    return project


@pytest.mark.parametrize("before", ["", OLD_PRESETS], ids=["no file", "another preset"])
def test_a_project_without_the_preset_gets_it_once(tmp_path: Path, before: str) -> None:
    project = small_project(tmp_path)
    if before:
        (project / "export_presets.cfg").write_text(before)

    assert add_preset(project, PRESET) == project / "export_presets.cfg"
    assert add_preset(project, PRESET) is None

    assert presets_in(project) == [*(["Windows Desktop"] if before else []), PRESET]
    assert before.strip() in (project / "export_presets.cfg").read_text()


def test_a_project_with_presets_of_its_own_is_exported_by_ours(tmp_path: Path, godot_bin: Path) -> None:
    project = small_project(tmp_path)
    add_preset(project, PRESET)
    presets = project / "export_presets.cfg"
    presets.write_text(presets.read_text().replace(PRESET, "mine"))

    made = export_game(project, tmp_path / "small.pck", find_godot())

    assert made.preset_made == presets
    assert presets_in(project) == ["mine", PRESET]
    assert made.path.read_bytes().startswith(b"GDPC")


def test_a_preset_or_a_scene_that_is_missing_is_named(tmp_path: Path, godot_bin: Path) -> None:
    project = small_project(tmp_path)
    with pytest.raises(UsageError, match=r"has no export preset 'Web'; there are none"):
        export_game(project, tmp_path / "small.pck", find_godot(), preset="Web")
    with pytest.raises(UsageError, match="has no main scene; name the scene"):
        export_game(OWN_PROJECT, tmp_path / "small.pck", find_godot())
    with pytest.raises(UsageError, match="has no res://nowhere"):
        export_game(project, tmp_path / "small.pck", find_godot(), scene="res://nowhere.tscn")


def test_a_program_needs_a_template_and_the_message_says_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(templates, "template_prefix", lambda: tmp_path)
    monkeypatch.setattr(templates, "SYSTEM", tmp_path / "usr")
    engine = Godot(tmp_path / "godot", (4, 6, 3))

    with pytest.raises(GodotNotFound, match=r"spacetime-rl godot install --template.*--pack"):
        templates.find_template(engine)

    place = tmp_path / "editor_data" / "export_templates" / "4.6.3.stable"
    place.mkdir(parents=True)
    found = shutil.copy(__file__, place / f"linux_release.{machine_name()}")
    assert templates.find_template(engine) == Path(found)


def test_an_engine_that_exports_nothing_is_quoted(
    tmp_path: Path, godot_bin: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Godot may end with exit code 0 although it exported nothing, here for a template that is none."""
    monkeypatch.setattr("spacetime_rl.game.export_game.find_template", lambda _: tmp_path / "no-template")

    with pytest.raises(ExportFailed, match=r"small: Godot .*it says:\n.*ERROR"):
        export_game(small_project(tmp_path), tmp_path / "small.x86_64", find_godot())


@pytest.mark.slow
def test_a_program_is_exported_started_and_answers(command: Callable[..., Done], godot_bin: Path) -> None:
    done = command("godot", "install", "--template")
    assert done.code == 0, done.err

    done = command("godot", "export", "vr_ui")

    assert done.code == 0, done.err
    assert "it starts and answers; agents: 1 user" in done.out
