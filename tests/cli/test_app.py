"""The command as a user runs it: help, exit codes, messages."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.command import PROGRAM

from spacetime_rl import __version__
from spacetime_rl.cli import errors
from spacetime_rl.cli.app import app
from spacetime_rl.errors import ConfigError, GateError, GodotNotFound, SpacetimeError

Run = Callable[..., "subprocess.CompletedProcess[str]"]
VERBS = ["train", "eval", "export", "doctor", "scenarios", "godot"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `spacetime-rl` in an empty folder."""

    def _run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "COLUMNS": "200", **environment}
        return subprocess.run(
            [*PROGRAM, *arguments], capture_output=True, text=True, timeout=60, cwd=tmp_path, env=env, check=False
        )

    return _run


def test_the_version_is_shown(run: Run) -> None:
    assert run("--version").stdout == f"spacetime-rl {__version__}\n"


def test_help_lists_every_verb_and_the_exit_codes(run: Run) -> None:
    done = run("--help")

    assert done.returncode == 0
    assert all(f" {verb} " in done.stdout for verb in VERBS)
    assert "Exit codes: 0 done, 1 a check failed, 2 wrong command or configuration" in done.stdout


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys\nsys.argv = ['spacetime-rl', '--help']\n"
        "from spacetime_rl.cli.app import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'ray', 'torch', 'mlflow', 'onnxruntime', 'gymnasium', 'matplotlib', 'pydantic', 'numpy'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("verb", ["train", "eval", "export"])
def test_the_help_of_a_verb_has_examples(run: Run, verb: str) -> None:
    done = run(verb, "--help")

    assert "Examples" in done.stdout
    assert f"spacetime-rl {verb} " in done.stdout


@pytest.mark.parametrize("arguments", [["fly"], ["train", "--fast"], ["train", "--seed", "one"], ["eval"]])
def test_a_wrong_command_ends_with_2(run: Run, arguments: list[str]) -> None:
    done = run(*arguments)

    assert done.returncode == 2
    assert "Usage:" in done.stderr


def test_a_fault_at_run_time_ends_with_3(run: Run) -> None:
    done = run("godot", "path", GODOT_BIN="/nowhere/godot")

    assert done.returncode == 3
    assert done.stderr.startswith("spacetime-rl: GODOT_BIN: /nowhere/godot is not a file")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (GateError("it got worse"), 1, "spacetime-rl: it got worse\n"),
        (ConfigError(["a: wrong"]), 2, "spacetime-rl: a: wrong\n"),
        (GodotNotFound("no Godot"), 3, "spacetime-rl: no Godot\n"),
        (SpacetimeError("broken"), 3, "spacetime-rl: broken\n"),
    ],
)
def test_an_error_is_one_message_and_its_exit_code(
    capsys: pytest.CaptureFixture[str], error: SpacetimeError, code: int, message: str
) -> None:
    assert errors.report(error, debug=False) == code
    assert capsys.readouterr().err == message


def test_an_unexpected_error_is_short_and_its_traceback_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ZeroDivisionError("by zero")
    except ZeroDivisionError as error:
        code = errors.report(error, debug=False)

    said = capsys.readouterr().err
    path = Path(said.split("the traceback is in ")[1].split(" (")[0])
    assert code == 3
    assert said.startswith("spacetime-rl: unexpected ZeroDivisionError: by zero\n")
    assert "test_app.py" in path.read_text()
    path.unlink()


def test_debug_shows_the_traceback(run: Run) -> None:
    done = run("--debug", "godot", "path", GODOT_BIN="/nowhere/godot")

    assert done.returncode == 3
    assert "Traceback (most recent call last)" in done.stderr


def test_ctrl_c_ends_with_130() -> None:
    code = (
        "import time, typer\nfrom spacetime_rl.cli import app as module\n"
        "@module.app.command()\ndef wait() -> None:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "import sys; sys.argv = ['spacetime-rl', 'wait']; module.main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) == 130


def test_scenarios_are_listed_as_json_with_the_configurations_that_train_them(run: Run) -> None:
    document: dict[str, Any] = json.loads(run("scenarios", "--json").stdout)

    (room,) = [scenario for scenario in document["scenarios"] if scenario["name"] == "vr_interaction"]
    variants = {variant["name"]: variant for variant in room["variants"]}
    assert variants["cooperate"]["policies"] == ["giver", "taker"]
    assert variants["cooperate"]["configs"] == ["vr_interaction"]


def test_scenarios_are_listed_for_people_with_no_name_cut_off(run: Run) -> None:
    done = run("scenarios", COLUMNS="80")

    assert done.returncode == 0
    assert "vr_interaction_gather" in done.stdout


def test_godot_is_found_and_tells_its_version(run: Run) -> None:
    path, version = run("godot", "path"), run("godot", "version")

    assert Path(path.stdout.strip()).is_file()
    assert tuple(map(int, version.stdout.strip().split("."))) >= (4, 5)


def test_installing_godot_again_is_instant_and_names_the_binary(run: Run) -> None:
    done = run("godot", "install")

    assert done.returncode == 0
    assert done.stdout.startswith("Godot 4.")
    assert "imported: " in done.stdout


def test_a_folder_without_a_project_is_not_imported(run: Run, tmp_path: Path) -> None:
    done = run("godot", "import", str(tmp_path))

    assert done.returncode == 2
    assert "it has no project.godot" in done.stderr


def test_every_verb_is_registered() -> None:
    names = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}

    assert set(VERBS) <= names
