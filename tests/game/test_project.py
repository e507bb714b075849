"""Projects are imported once, whoever asks, and old copies go when nobody uses them."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from spacetime_rl.errors import ImportFailed, UsageError
from spacetime_rl.game import import_notice
from spacetime_rl.game.engine import Godot, check_godot
from spacetime_rl.game.files import overlook
from spacetime_rl.game.project import find_scenario, import_project, kept, scenarios


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny project, and a cache of its own to import it into."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "my game"
    folder.mkdir()
    (folder / "project.godot").write_text("config_version=5\n")
    (folder / "icon.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"/>')
    return folder


@pytest.fixture
def counting_godot(tmp_path: Path) -> Godot:
    """A stand-in that logs each import; a folder `broken` in the project makes it fail."""
    path = tmp_path / "godot"
    path.write_text(
        f"#!/bin/sh\necho import >> {tmp_path}/imports.log\nsleep 0.2\n"
        'if [ -e "$3/broken" ]; then echo "ERROR: cannot read the mesh"; exit 1; fi\n'
        'mkdir "$3/.godot"\ntouch "$3/icon.svg.import"\n'
    )
    path.chmod(0o755)
    return Godot(path, (4, 6, 3))


def _imports(tmp_path: Path) -> int:
    return len((tmp_path / "imports.log").read_text().splitlines())


def test_the_real_engine_imports_into_the_cache_and_leaves_the_project_alone(godot_bin: Path, project: Path) -> None:
    before = sorted(project.rglob("*"))
    copy = import_project(project, check_godot(godot_bin, "this machine"))
    assert (copy / ".godot" / "imported").is_dir()
    assert sorted(project.rglob("*")) == before


def test_an_import_that_takes_long_says_that_it_goes_on(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The stand-in for the engine is done when a line was logged."""
    engine, logged = tmp_path / "slow_godot", tmp_path / "logged"
    engine.write_text(
        f'#!/bin/sh\nuntil [ -e {logged} ]; do sleep 0.02; done\nmkdir "$3/.godot"\ntouch "$3/icon.svg.import"\n'
    )
    engine.chmod(0o755)

    class Noticing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            logged.touch()

    monkeypatch.setattr(import_notice, "_EVERY_S", 0.05)
    notices, handler = logging.getLogger(import_notice.__name__), Noticing()
    notices.addHandler(handler)
    try:
        import_project(project, Godot(engine, (4, 6, 3)))
    finally:
        notices.removeHandler(handler)
    assert f"Godot imports {project.resolve()}, once" in caplog.text


def test_a_project_that_may_only_be_read_is_imported_into_a_copy_that_may_be_written(
    project: Path, counting_godot: Godot
) -> None:
    for path in (project / "project.godot", project):
        path.chmod(path.stat().st_mode & 0o555)
    copy = import_project(project, counting_godot)
    assert [path.stat().st_mode & 0o200 for path in (copy, copy / "project.godot")] == [0o200, 0o200]
    project.chmod(0o755)


def test_a_second_call_takes_the_copy_that_is_there(project: Path, counting_godot: Godot, tmp_path: Path) -> None:
    assert import_project(project, counting_godot) == import_project(project, counting_godot)
    assert _imports(tmp_path) == 1


def test_many_processes_share_one_import(project: Path, counting_godot: Godot, tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; from spacetime_rl.game.engine import Godot; "
        "from spacetime_rl.game.project import import_project; "
        f"print(import_project(Path({str(project)!r}), Godot(Path({str(counting_godot.path)!r}), (4, 6, 3))))"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(6)]
    copies = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 6
    assert len(set(copies)) == 1
    assert _imports(tmp_path) == 1


def test_a_change_of_content_or_engine_makes_a_new_copy(project: Path, counting_godot: Godot) -> None:
    first = import_project(project, counting_godot)
    newer = import_project(project, Godot(counting_godot.path, (4, 7, 0)))
    (project / "icon.svg").write_text("<svg/>")
    changed = import_project(project, counting_godot)
    assert len({first, newer, changed}) == 3
    assert (changed / "icon.svg").read_text() == "<svg/>"


def test_the_projects_own_import_cache_is_no_part_of_it(project: Path, counting_godot: Godot) -> None:
    first = import_project(project, counting_godot)
    (project / ".godot").mkdir()
    (project / ".godot" / "editor.cfg").write_text("anything")
    assert import_project(project, counting_godot) == first


def test_what_godot_overlooks_is_no_part_of_a_project(project: Path, counting_godot: Godot, tmp_path: Path) -> None:
    copy = import_project(project, counting_godot)
    for folder, mark in [("results", None), (".vscode", "settings.json"), ("venv", "pyvenv.cfg")]:
        (project / folder).mkdir()
        (project / folder / (mark or "curve.png")).write_text("content")
    overlook(project / "results")

    again = import_project(project, counting_godot)
    (project / "levels").mkdir()
    (project / "levels" / "one.tscn").write_text("[gd_scene format=3]\n")
    changed = import_project(project, counting_godot)

    assert again == copy
    assert changed != copy
    assert {path.name for path in changed.iterdir()} >= {"levels", "icon.svg"}
    assert not {"results", ".vscode", "venv"} & {path.name for path in changed.iterdir()}


def test_a_folder_is_overlooked_in_a_project_only(project: Path, tmp_path: Path) -> None:
    (project / "results" / "runs").mkdir(parents=True)
    (tmp_path / "results").mkdir()

    for folder in (project / "results" / "runs", tmp_path / "results", project):
        overlook(folder)

    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob(".gdignore")] == [
        "my game/results/runs/.gdignore"
    ]


def test_a_failed_import_tells_why_and_is_tried_again(project: Path, counting_godot: Godot, tmp_path: Path) -> None:
    (project / "broken").touch()
    with pytest.raises(ImportFailed, match=r"could not import .*my game \(exit code 1\)(.|\n)*cannot read the mesh"):
        import_project(project, counting_godot)
    (project / "broken").unlink()
    import_project(project, counting_godot)
    assert _imports(tmp_path) == 2


def test_old_copies_are_removed_unless_a_game_runs_from_them(project: Path, counting_godot: Godot) -> None:
    copies = []
    with kept(_edit_and_import(project, counting_godot, 0)) as _:
        copies = [_edit_and_import(project, counting_godot, number) for number in range(6)]
        assert [copy.exists() for copy in copies] == [True, False, False, True, True, True]
    copies.append(_edit_and_import(project, counting_godot, 6))
    assert [copy.exists() for copy in copies] == [False, False, False, False, True, True, True]


def test_what_a_killed_import_left_is_removed(project: Path, counting_godot: Godot) -> None:
    copy = import_project(project, counting_godot)
    (copy / ".spacetime-import").unlink()  # as when it was killed in the middle of removing it
    leftover = copy.parent / "new-abc"
    leftover.mkdir()
    assert import_project(project, counting_godot) == copy
    assert (copy / ".godot").is_dir()
    assert not leftover.exists()


def test_a_folder_without_a_project_is_refused(tmp_path: Path, counting_godot: Godot) -> None:
    with pytest.raises(UsageError, match=r"is not a Godot project: it has no project\.godot"):
        import_project(tmp_path, counting_godot)


def test_a_cache_folder_that_cannot_be_made_is_named(project: Path, counting_godot: Godot, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(ImportFailed, match=r"cannot import .*my game into .*XDG_CACHE_HOME chooses the folder"):
        import_project(project, counting_godot)


def test_the_shipped_scenarios_are_listed() -> None:
    names = [scenario.name for scenario in scenarios()]
    assert "vr_interaction" in names
    scenario = find_scenario("vr_interaction")
    assert scenario.scene == "res://scenarios/vr_interaction/vr_interaction.tscn"
    assert [variant.name for variant in scenario.variants] == ["cooperate", "gather", "avoid"]


def test_a_mistyped_scenario_gets_a_hint() -> None:
    with pytest.raises(UsageError, match="there is no 'vr_interacton'; did you mean 'vr_interaction'"):
        find_scenario("vr_interacton")


def test_a_malformed_description_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "scenarios" / "broken"
    folder.mkdir(parents=True)
    (folder / "scenario.json").write_text(json.dumps({"name": "broken"}))
    with pytest.raises(UsageError, match=r"scenario\.json: not a scenario description: KeyError\('title'\)"):
        scenarios(tmp_path)


def _edit_and_import(project: Path, godot: Godot, number: int) -> Path:
    (project / "number.txt").write_text(str(number))
    return import_project(project, godot)
