"""The Godot project under the real engine: its own headless tests, its warnings. `make check` has its format."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.project import OWN_PROJECT, import_project

REPOSITORY = OWN_PROJECT.parent.parent
TEST_FILES = sorted(
    path.relative_to(OWN_PROJECT).as_posix()
    for root in ("tests", "scenarios")
    for path in (OWN_PROJECT / root).rglob("test_*.gd")
)


@pytest.fixture(scope="module")
def imported() -> Path:
    """A copy of the project that Godot has imported."""
    return import_project(OWN_PROJECT, find_godot())


def run(*command: str, cwd: Path = REPOSITORY) -> tuple[int, str]:
    """Exit code and output of a command that has to end by itself."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)
    return done.returncode, done.stdout + done.stderr


def run_godot_tests(project: Path, godot: Path, *options: str) -> tuple[int, str]:
    engine = ["--headless", "--path", str(project), "--xr-mode", "off", "--script", "res://tests/run_tests.gd"]
    return run(str(godot), *engine, "--", *options)


@pytest.mark.parametrize("file", TEST_FILES)
def test_the_headless_tests_of_a_file_pass(file: str, imported: Path, godot_bin: Path) -> None:
    code, output = run_godot_tests(imported, godot_bin, f"--filter=res://{file}:")
    assert code == 0, output


def test_the_runner_fails_when_no_test_matches(imported: Path, godot_bin: Path, tmp_path: Path) -> None:
    code, output = run_godot_tests(imported, godot_bin, "--filter=no such test", f"--junit={tmp_path / 'out.xml'}")
    assert code == 1
    assert "0 tests, 0 failed" in output
    assert '<testsuite name="godot" tests="0" failures="0">' in (tmp_path / "out.xml").read_text()


def test_the_runner_fails_when_a_check_does(imported: Path, godot_bin: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(imported, tmp_path / "project"))
    (project / "tests/test_wrong.gd").write_text(
        'extends RLTest\n\n\nfunc test_wrong() -> void:\n\tcheck_equal(1, 2, "one")\n'
    )
    code, output = run_godot_tests(project, godot_bin, "--filter=test_wrong.gd")
    assert code == 1
    assert "one: found 1, expected 2" in output
    assert "1 tests, 1 failed" in output


@pytest.mark.parametrize("folder", ["addons/spacetime_rl/core", "scenarios"])
def test_a_warning_is_an_error_in_addons_too(folder: str, imported: Path, godot_bin: Path, tmp_path: Path) -> None:
    project = Path(shutil.copytree(imported, tmp_path / "project"))
    (project / folder / "careless.gd").write_text("extends Node\nvar answer = 42\n")
    script = f"res://{folder}/careless.gd"
    code, output = run(str(godot_bin), "--headless", "--path", str(project), "--check-only", "--script", script)
    assert code != 0
    assert "has no static type" in output
