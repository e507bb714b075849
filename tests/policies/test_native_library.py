"""The native library as such: it is built where a compiler is, refuses what does not fit, and is never needed."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from support.command import run_command
from support.native_project import Runtime

from spacetime_rl.errors import UsageError
from spacetime_rl.game import export_game
from spacetime_rl.game.engine import find_godot
from spacetime_rl.game.native import FOLDER, NativeFailed, add_native, build_native, find_compiler
from spacetime_rl.game.project import OWN_PROJECT, import_project
from spacetime_rl.game.templates import find_template

TOUCH = "res://tests/fixtures/touch/touch.tscn"
WALKER = "res://tests/fixtures/policies/walker.onnx"
QUICKLY = ["-O0"]  # for a library that need not be fast


@pytest.fixture
def without_compilers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)


def run_script(runtime: Runtime, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(runtime.godot), "--headless", "--path", str(runtime.project), "--xr-mode", "off"]
    return subprocess.run(
        [*command, "--script", f"res://tests/support/{script}", "--", *arguments],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_arguments_that_do_not_fit_are_refused_and_the_game_goes_on(native: Runtime) -> None:
    done = run_script(native, "misuse_native.gd")

    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "ERROR" not in done.stderr, done.stderr
    refused = re.search(r"^(\d+) refused, \d+ computed$", done.stdout, re.MULTILINE)
    assert refused is not None
    assert int(refused[1]) > 10_000


def test_a_library_of_another_version_is_passed_over_with_one_warning(
    gdscript: Runtime, native: Runtime, tmp_path: Path
) -> None:
    other = build_native(find_godot(), tmp_path / "built", [*QUICKLY, "-DINTERFACE=99"])
    project = Path(shutil.copytree(native.project, tmp_path / "project"))
    add_native(project, other)

    done = run_script(replace(native, project=project), "time_onnx.gd", "any", "0", WALKER, "3")

    assert done.stderr.count("the native library has interface 99, the addon expects") == 1
    assert re.search(r"^walker.onnx 3 [\d.]+ [\d.]+$", done.stdout, re.MULTILINE), done.stdout + done.stderr
    same = run_script(gdscript, "time_onnx.gd", "any", "0", WALKER, "3")
    assert "native library" not in same.stderr


def test_without_a_compiler_the_error_says_what_to_install(without_compilers: None) -> None:
    with pytest.raises(NativeFailed, match=r"no C compiler: none of cc, gcc and clang .* apt install gcc libc6-dev"):
        find_compiler()


def test_the_compiler_of_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "env gcc -m64")
    assert find_compiler() == ["env", "gcc", "-m64"]
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(NativeFailed, match="CC: there is no program no-such-compiler"):
        find_compiler()


def test_a_compiler_that_fails_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho 'fatal error: stdint.h: No such file or directory'\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(NativeFailed) as error:
        build_native(find_godot(), tmp_path / "built")
    assert "the C compiler made no libspacetime_rl_native" in str(error.value)
    assert "apt install libc6-dev" in str(error.value)
    assert "| fatal error: stdint.h" in str(error.value)
    assert not (tmp_path / "built").exists()


def test_a_project_without_the_addon_gets_no_library(tmp_path: Path) -> None:
    (tmp_path / "project.godot").write_text("config_version=5\n")
    with pytest.raises(UsageError, match="put this version's addon there by `spacetime-rl godot addon`"):
        add_native(tmp_path, tmp_path)
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.slow  # imports the project twice and exports it twice
def test_imports_use_what_was_built_and_exports_contain_what_the_project_has(
    native: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GODOT_BIN", str(find_godot().path))
    template = find_template(find_godot())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(export_game, "find_template", lambda _: template)
    command = partial(run_command, monkeypatch=monkeypatch, capsys=capsys)
    project = Path(shutil.copytree(OWN_PROJECT, tmp_path / "game"))

    assert command("godot", "native").code == 0
    imported = import_project(project, find_godot())
    assert computes_natively(replace(native, project=imported))
    assert not (project / FOLDER).exists()
    without = export_game.export_game(project, tmp_path / "a" / "game.bin", find_godot(), scene=TOUCH)
    assert without.native is None
    assert [path.name for path in without.path.parent.iterdir()] == ["game.bin"]
    assert "ERROR" not in start(without.path)

    assert command("godot", "native", "--project", str(project)).code == 0
    having = export_game.export_game(project, tmp_path / "b" / "game.bin", find_godot(), scene=TOUCH)
    assert having.native is not None
    assert having.native.is_file()
    assert "ERROR" not in start(having.path)
    pack = export_game.export_game(project, tmp_path / "c" / "game.pck", find_godot(), scene=TOUCH)
    assert pack.native is None
    assert "ERROR" not in start(find_godot().path, "--main-pack", str(pack.path))


def computes_natively(runtime: Runtime) -> bool:
    return run_script(runtime, "time_onnx.gd", "native", "0", WALKER, "3").returncode == 0


def start(*command: str | Path) -> str:
    """What a game prints that ends after some frames."""
    done = subprocess.run(
        [*map(str, command), "--headless", "--xr-mode", "off", "--quit-after", "20"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout + done.stderr
