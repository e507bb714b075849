"""The doctor: every check on this machine, and what it says when something is broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
import torch
from support.command import PROGRAM

from spacetime_rl.doctor import examine as examine_module
from spacetime_rl.doctor import machine, networks
from spacetime_rl.doctor.check import Check, Outcome, perform
from spacetime_rl.doctor.checks import CHECKS
from spacetime_rl.doctor.examine import examine
from spacetime_rl.errors import GodotNotFound, LaunchTimeout, SpacetimeError

COMMAND = [*PROGRAM, "doctor", "--json"]


def fail(error: Exception) -> Callable[[], str]:
    def _run() -> str:
        raise error

    return _run


def run(*checks: Check) -> list[Outcome]:
    said: list[Outcome] = []
    outcomes = examine(checks, said.append)
    assert sorted(said, key=str) == sorted(outcomes, key=str)
    return outcomes


@pytest.mark.slow
def test_this_machine_is_ready_to_train() -> None:
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=280, check=False)

    document = json.loads(done.stdout)
    failed = [check for check in document["checks"] if not check["ok"]]
    assert failed == []
    assert document["ok"] is True
    assert done.returncode == 0
    assert [check["name"] for check in document["checks"]] == [check.name for check in CHECKS]
    assert all(set(check) == {"name", "ok", "detail", "seconds"} for check in document["checks"])


def test_without_godot_it_says_what_to_do_and_ends_with_1(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['spacetime-rl', 'doctor', '--json']\n"
        "from spacetime_rl.doctor import checks\n"
        "checks.CHECKS = tuple(check for check in checks.CHECKS if not check.apart)\n"
        "from spacetime_rl.cli.app import main; main()"
    )
    env = {**os.environ, "GODOT_BIN": str(tmp_path / "godot")}

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=env, timeout=60, check=False
    )

    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert "What to do: install it: `spacetime-rl godot install`" in checks["godot"]["detail"]
    assert checks["same seed"]["detail"] == "not tried, because `spaces` failed"
    assert "FAIL  godot" in done.stderr


def test_a_failed_check_tells_its_remedy_and_those_that_need_it_are_not_tried() -> None:
    outcomes = run(
        Check("godot", fail(GodotNotFound("no Godot")), "install it"),
        Check("import", lambda: "never", "", needs="godot"),
        Check("handshake", lambda: "never", "", needs="import"),
        Check("disk", lambda: "room", ""),
    )

    assert [(outcome.ok, outcome.detail) for outcome in outcomes] == [
        (False, "no Godot\nWhat to do: install it"),
        (False, "not tried, because `godot` failed"),
        (False, "not tried, because `import` failed"),
        (True, "room"),
    ]


def test_an_unforeseen_error_of_a_check_does_not_keep_the_others_from_running() -> None:
    broken, fine = run(Check("broken", fail(ImportError("no torch")), "install it"), Check("fine", lambda: "ok", ""))

    assert broken.detail == "ImportError: no torch\nWhat to do: install it"
    assert fine.ok


def test_a_check_that_ends_its_process_is_told_with_its_exit_code() -> None:
    (outcome,) = run(Check("no such check", lambda: "never", "report it", apart=True))

    assert not outcome.ok
    assert outcome.detail.startswith("ended with exit code 1: ")
    assert outcome.detail.endswith("What to do: report it")


def test_a_check_that_hangs_is_ended_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examine_module, "APART_TIMEOUT_S", 0.05)
    monkeypatch.setattr(psutil, "getloadavg", lambda: (0.5, 0.5, 0.5))

    (outcome,) = run(Check("onnx", lambda: "never", "wait", apart=True))

    assert outcome.detail == "did not finish within 0.05 s\nWhat to do: wait"


def test_a_check_that_was_too_slow_on_a_busy_machine_blames_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "getloadavg", lambda: (1000.0, 0.5, 0.5))
    late = LaunchTimeout("vr_interaction: the game did not connect within 30 s")

    (outcome,) = run(Check("same seed", fail(late), "please report it"))

    assert "please report" not in outcome.detail
    assert "What to do: try again when this machine is less busy (load 1000 on " in outcome.detail


def test_a_game_that_computes_policies_otherwise_is_a_failed_check(
    monkeypatch: pytest.MonkeyPatch, godot_bin: Path
) -> None:
    check = next(check for check in CHECKS if check.name == "in game")
    fine = perform(check)
    monkeypatch.setattr(networks, "TOLERANCE", 0.0)  # no two runtimes round alike
    wrong = perform(check)

    assert (fine.ok, wrong.ok) == (True, False)
    assert re.fullmatch(
        r"vr_locomotion, traveller, for 16 agents: differs from onnxruntime by \d\.\de-\d\d", fine.detail
    )
    assert "traveller: the game's numbers differ from onnxruntime's by " in wrong.detail
    assert "\nWhat to do: policies act in the game other than in training" in wrong.detail


def test_a_package_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "1.0" if name == "ray" else real(name))

    with pytest.raises(SpacetimeError, match=r"^ray is 1\.0, not .*2\.60"):
        machine.packages()


def test_gpus_are_named_and_a_machine_without_one_is_ready_too(monkeypatch: pytest.MonkeyPatch) -> None:
    check = next(check for check in CHECKS if check.name == "gpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    without = perform(check)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    kinds = [SimpleNamespace(name="small", total_memory=8e9), SimpleNamespace(name="large", total_memory=141e9)]
    monkeypatch.setattr(torch.cuda, "get_device_properties", kinds.__getitem__)

    assert perform(check).detail == "small, 8 GB; large, 141 GB"
    assert without.ok
    assert without.detail == f"none that torch {metadata.version('torch')} can use: networks learn on the processor"


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "NEEDED_GB", 1e9)

    with pytest.raises(SpacetimeError, match="GB free for results"):
        machine.disk()


@pytest.mark.parametrize(("variable", "name"), [(None, "results (here)"), ("XDG_CACHE_HOME", "cache")])
def test_a_folder_that_cannot_be_written_is_told(
    monkeypatch: pytest.MonkeyPatch, variable: str | None, name: str
) -> None:
    monkeypatch.setattr(machine, "NEEDED_GB", 0.0)
    if variable is None:
        monkeypatch.chdir("/proc")
    else:
        monkeypatch.setenv(variable, "/proc/1")

    with pytest.raises(SpacetimeError, match=rf"^nothing can be written for {re.escape(name)} to /proc"):
        machine.disk()


def test_a_godot_that_does_not_run_is_found_by_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    godot = tmp_path / "godot"
    godot.write_text('#!/bin/sh\n[ "$1" = --version ] && echo 4.6.3 && exit\necho a library is missing; exit 127\n')
    godot.chmod(0o755)
    monkeypatch.setenv("GODOT_BIN", str(godot))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    found, imported = run(*[check for check in CHECKS if check.name in {"godot", "import"}])

    assert found.ok
    assert not imported.ok
    assert (
        "(exit code 127); it says:\n  | a library is missing\nWhat to do: see that this Godot runs" in imported.detail
    )


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("nowhere://x", "tracking uri 'nowhere://x': runs cannot be recorded there"),
        ("sqlite:////proc/x.db", "tracking uri 'sqlite:////proc/x.db': cannot write to the folder /proc"),
        (
            "http://127.0.0.1:9",
            "tracking uri 'http://127.0.0.1:9': MLflow does not answer there: nothing is reached at 127.0.0.1:9",
        ),
    ],
)
def test_a_tracking_place_that_is_of_no_use_is_told(monkeypatch: pytest.MonkeyPatch, uri: str, message: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    (outcome,) = run(*[check for check in CHECKS if check.name == "mlflow"])

    assert not outcome.ok
    assert outcome.detail.startswith(message)
    assert "the server of $MLFLOW_TRACKING_URI runs if that is set" in outcome.detail
