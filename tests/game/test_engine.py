"""The right Godot is found, and a wrong one is named with what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from spacetime_rl.errors import GodotNotFound, GodotTooOld
from spacetime_rl.game.engine import find_godot

MakeGodot: TypeAlias = Callable[[str, str], Path]


@pytest.fixture
def make_godot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeGodot:
    """Write a `godot` that answers --version, in a folder; a machine that otherwise has none."""
    monkeypatch.delenv("GODOT_BIN", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}/path:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", f"{tmp_path}/cache")

    def make(folder: str, version: str) -> Path:
        path = tmp_path / folder / "godot"
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\necho {version}\n")
        path.chmod(0o755)
        return path

    return make


def test_the_variable_comes_before_path_and_path_before_the_prefix(
    make_godot: MakeGodot, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_godot("cache/spacetime-rl/godot/4.7.0/bin", "4.7.stable.official")
    assert find_godot().version == (4, 7, 0)
    make_godot("path", "4.5.1.stable.official")
    assert find_godot().version == (4, 5, 1)
    monkeypatch.setenv("GODOT_BIN", str(make_godot("mine", "4.6.3.stable.debian4.6.3+ds-2")))
    assert find_godot().version == (4, 6, 3)


def test_the_newest_of_the_prefix_is_taken(make_godot: MakeGodot) -> None:
    for version in ("4.6.3", "4.10.0", "4.9.1"):
        make_godot(f"cache/spacetime-rl/godot/{version}/bin", f"{version}.stable")
    assert find_godot().version_text == "4.10.0"


def test_an_old_one_on_path_is_passed_over_with_a_note(make_godot: MakeGodot, caplog: pytest.LogCaptureFixture) -> None:
    make_godot("path", "4.2.2.stable.official")
    make_godot("cache/spacetime-rl/godot/4.6.3/bin", "4.6.3.stable")
    assert find_godot().version == (4, 6, 3)
    assert "passed over: PATH:" in caplog.text
    assert "is Godot 4.2.2, but 4.5 or newer is needed" in caplog.text


def test_an_old_one_that_was_chosen_is_an_error(make_godot: MakeGodot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GODOT_BIN", str(make_godot("mine", "3.5.stable")))
    with pytest.raises(GodotTooOld, match=r"GODOT_BIN: .*godot is Godot 3\.5\.0, but 4\.5 or newer is needed"):
        find_godot()


@pytest.mark.usefixtures("make_godot")
def test_no_godot_at_all_says_how_to_get_one() -> None:
    with pytest.raises(GodotNotFound, match=r"none on PATH and none in .*; run `spacetime-rl godot install`"):
        find_godot()


def test_a_chosen_file_that_is_missing_or_not_executable_is_named(
    make_godot: MakeGodot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_godot("mine", "4.6.3.stable")
    monkeypatch.setenv("GODOT_BIN", str(path))
    path.chmod(0o644)
    with pytest.raises(GodotNotFound, match=r"GODOT_BIN: .*godot is not executable; `chmod \+x` it"):
        find_godot()
    path.unlink()
    with pytest.raises(GodotNotFound, match=r"GODOT_BIN: .*godot is not a file"):
        find_godot()


def test_something_that_is_no_godot_is_named(make_godot: MakeGodot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GODOT_BIN", str(make_godot("mine", "hello")))
    with pytest.raises(GodotNotFound, match="does not answer --version as Godot does, it says 'hello'"):
        find_godot()


def test_the_godot_of_this_machine_is_new_enough(godot_bin: Path) -> None:
    assert find_godot().path == godot_bin
    assert find_godot().version >= (4, 5, 0)
