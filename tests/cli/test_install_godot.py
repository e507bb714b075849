"""The installer of Godot: instant and offline when there is nothing to do, and clear about why it cannot."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from support.command import PROGRAM
from support.failing import FAULT, make_program

from spacetime_rl import game

REPOSITORY = Path(__file__).parents[2]
SCRIPTS = (Path(game.__file__).with_name("install_godot.sh"), REPOSITORY / "cluster" / "install_godot.sh")

# An apt whose archive has only Godot 4.6.3, and whose downloads fail.
APT_GET = """
case "$*" in
  *indextargets*) echo 'Packages|main|Debian|stable|http://archive.invalid/debian/' ;;
  *debian-archive-keyring*) touch debian-archive-keyring_1_all.deb ;;
  *print-uris*) echo "'http://archive.invalid/godot.deb' godot_4.6.3_amd64.deb 1 SHA256:0" ;;
  *download*) echo 'E: no route to host'; exit 100 ;;
esac"""
APT_CACHE = "echo 'godot | 4.6.3+ds-2 | http://archive.invalid/debian testing/main amd64 Packages'"

Install: TypeAlias = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A folder for programs that the installer finds before all others."""
    folder = tmp_path / "tools"
    make_program(folder / "dpkg", "echo amd64")
    make_program(folder / "dpkg-deb", "touch debian-archive-keyring.gpg")
    make_program(folder / "apt-get", f"echo apt-get >> {tmp_path}/asked", APT_GET)
    make_program(folder / "apt-cache", APT_CACHE)
    return folder


@pytest.fixture
def install(tmp_path: Path, tools: Path) -> Install:
    """Run an installer with the made-up apt and an empty cache."""

    def run(*arguments: str, script: Path = SCRIPTS[0], **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{tools}:/usr/bin:/bin"
        env = {**os.environ, "PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache"), **environment}
        command = ["/bin/bash", str(script), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=env, check=False)

    return run


def installed(tmp_path: Path) -> Path:
    """A Godot in the cache."""
    binary = tmp_path / "cache" / "spacetime-rl" / "godot" / "4.6.3" / "bin" / "godot"
    binary.parent.mkdir(parents=True)
    return make_program(binary, "echo 4.6.3.stable")


@pytest.mark.parametrize("script", SCRIPTS, ids=["packaged", "cluster"])
def test_the_second_run_asks_nobody_and_names_the_binary(install: Install, tmp_path: Path, script: Path) -> None:
    binary = installed(tmp_path)

    done = install(script=script)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"{binary}\n", "[install_godot] already there\n")
    assert not (tmp_path / "asked").exists()


def test_another_series_than_the_one_that_is_there_is_looked_for(install: Install, tmp_path: Path) -> None:
    installed(tmp_path)

    done = install(GODOT_SERIES="9.9")

    assert done.returncode == FAULT
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "[install_godot] asking the archive for suite testing",
        "[install_godot] suite testing has no godot 9.9.*",
        "[install_godot] asking the archive for suite sid",
        "[install_godot] suite sid has no godot 9.9.*",
        "[install_godot] error: no suite of (testing sid) has godot 9.9.*; "
        "name a Debian archive that this machine reaches by GODOT_APT_URI, "
        "or install an official release yourself and set GODOT_BIN",
    ]


@pytest.mark.parametrize("tool", ["apt-get", "apt-cache", "dpkg-deb"])
def test_a_missing_tool_is_named(install: Install, tools: Path, tool: str) -> None:
    (tools / tool).unlink()

    done = install(PATH=str(tools))

    assert done.returncode == FAULT
    assert done.stderr == (
        f"[install_godot] error: {tool} is missing: this needs Debian or Ubuntu; "
        "elsewhere install Godot 4.6 yourself and set GODOT_BIN\n"
    )


def test_an_architecture_without_packages_is_told(install: Install, tools: Path) -> None:
    make_program(tools / "dpkg", "echo riscv64")

    done = install()

    assert done.returncode == FAULT
    assert done.stderr.endswith("error: no Godot packages for architecture riscv64; build one and set GODOT_BIN\n")


def test_an_archive_that_cannot_be_reached_is_told(install: Install, tools: Path) -> None:
    complaint = "E: Failed to fetch http://archive.invalid/debian/InRelease  No route to host"
    make_program(tools / "apt-get", APT_GET, f'case "$*" in *update*) echo "{complaint}"; exit 100 ;; esac')

    done = install()

    assert done.returncode == FAULT
    assert "suite testing is not usable: E: Failed to fetch  No route to host (see apt's config" in done.stderr
    assert "error: no suite of (testing sid) has godot 4.6.*" in done.stderr


def test_a_failed_download_leaves_nothing_half_installed(install: Install, tmp_path: Path) -> None:
    done = install()

    assert done.returncode == FAULT
    assert done.stderr.splitlines()[-2:] == [
        "E: no route to host",
        "[install_godot] error: download failed; check the network and run this again",
    ]
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_the_command_says_what_to_do_when_the_installer_cannot_help(tools: Path, tmp_path: Path) -> None:
    (tools / "apt-get").unlink()
    (tools / "bash").symlink_to("/bin/bash")
    env = {**os.environ, "PATH": str(tools), "XDG_CACHE_HOME": str(tmp_path / "cache"), "GODOT_BIN": ""}

    def run() -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, "godot", "install"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, check=False)

    without_apt = run()
    (tools / "bash").unlink()
    without_bash = run()

    assert (without_apt.returncode, without_bash.returncode) == (FAULT, FAULT)
    assert "error: apt-get is missing: this needs Debian or Ubuntu" in without_apt.stderr
    assert without_apt.stderr.splitlines()[-1] == (
        "spacetime-rl: the installer ended with exit code 3; "
        "install Godot 4.5 or newer yourself and set GODOT_BIN to it"
    )
    assert without_bash.stderr.startswith("spacetime-rl: the installer needs bash, which is not on PATH; install Godot")


@pytest.mark.slow
def test_the_real_archive_gives_a_godot_that_runs(tmp_path: Path) -> None:
    prefix = tmp_path / "engine"
    done = subprocess.run(
        ["bash", str(SCRIPTS[0]), str(prefix)], capture_output=True, text=True, timeout=280, check=False
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{prefix}/bin/godot\n"
    env = {**os.environ, "GODOT_BIN": str(prefix / "bin" / "godot")}
    answer = subprocess.run([*PROGRAM, "godot", "version"], capture_output=True, text=True, env=env, check=True)
    assert answer.stdout.startswith("4.6.")


@pytest.mark.slow
def test_the_real_archive_has_no_series_of_the_future() -> None:
    env = {**os.environ, "GODOT_SERIES": "9.9"}

    done = subprocess.run(["bash", str(SCRIPTS[0])], capture_output=True, text=True, timeout=280, env=env, check=False)

    assert done.returncode == FAULT
    assert "error: no suite of (testing sid) has godot 9.9.*" in done.stderr
