"""The wheel in an environment of its own, made by plain pip: a program that works from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROOT = Path(__file__).parents[2]
Program = Callable[..., subprocess.CompletedProcess[str]]


def clean_environment() -> dict[str, str]:
    """The variables of this process, without those by which a program would find the checkout."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make dist` builds."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(["make", "-o", ".venv/.ready", "dist", f"DIST={folder}"], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    assert len(list(folder.glob("*.tar.gz"))) == 1
    return wheel


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new virtual environment with the wheel; torch first, so that a machine's CPU build is taken."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    for wanted in (os.environ.get("TORCH", "torch==2.13.0"), str(wheel)):
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", wanted], env=clean_environment(), check=True)
    return folder


@pytest.fixture
def program(environment: Path, tmp_path: Path, godot_bin: Path) -> Iterator[Program]:
    """Run the installed `spacetime-rl` in an empty folder, the package's own folder closed for writing."""
    (package,) = environment.glob("lib/python*/site-packages/spacetime_rl")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(environment / "bin" / "spacetime-rl"), *arguments],
            cwd=tmp_path,
            env={**clean_environment(), "GODOT_BIN": str(godot_bin)},
            capture_output=True,
            text=True,
            timeout=900,
        )

    before = snapshot(package)
    yield run
    assert snapshot(package) == before


def snapshot(package: Path) -> set[tuple[str, int]]:
    files = (path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {(str(path), path.stat().st_mtime_ns) for path in files}


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    ours = {path for path in tracked if path.startswith("spacetime_rl/")} - {"spacetime_rl/rllib_configs"}
    ours |= {f"spacetime_rl/{path}" for path in tracked if path.startswith("rllib_configs/")}

    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert {path for path in ours - held if not path.endswith("paths.png")} == set()  # pictures of the docs alone
    assert held - ours == set()


def test_the_source_archive_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    (archive,) = wheel.parent.glob("*.tar.gz")
    build = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(tmp_path)]
    subprocess.run([*build, str(archive)], check=True)

    (again,) = tmp_path.glob("*.whl")
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_the_program_says_what_it_holds(program: Program) -> None:
    version = program("--version")
    listed = program("scenarios")

    assert version.stdout.startswith("spacetime-rl ")
    assert (version.returncode, listed.returncode) == (0, 0), listed.stderr
    assert "vr_interaction" in listed.stdout
    assert program("doctor", "--json").returncode in (0, 1)


def test_it_trains_and_evaluates_in_an_empty_folder(program: Program, tmp_path: Path) -> None:
    trained = program(
        "train", "vr_interaction", "--preset", "quick_test", "--run-id", "first", "--set", "evaluation.episodes=4"
    )

    assert trained.returncode == 0, trained.stdout + trained.stderr
    summary = json.loads((tmp_path / "results" / "first" / "report" / "summary.json").read_text())
    assert set(summary["policies"]) == {"giver", "taker"}
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_the_baselines_play(program: Program) -> None:
    done = program("eval", "baseline", "--config", "vr_navigation", "--episodes", "4", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    json.loads(done.stdout)


def test_nothing_of_the_checkout_was_needed(environment: Path) -> None:
    code = "import spacetime_rl; print(spacetime_rl.__file__)"
    done = subprocess.run(
        [str(environment / "bin" / "python"), "-c", code],
        capture_output=True,
        text=True,
        cwd="/",
        env=clean_environment(),
    )

    assert done.stdout.startswith(str(environment))
