"""Plain pip can install the package: nothing that it needs asks for versions that something else of it refuses."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from spacetime_rl.bench import stock_program
from spacetime_rl.bench.measure import NotMeasurable
from spacetime_rl.cli.app import app
from spacetime_rl.runs import shipped as store

PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]


def needed_by(lines: list[str], extras: set[str]) -> list[Requirement]:
    found = [Requirement(line) for line in lines]
    return [r for r in found if r.marker is None or any(r.marker.evaluate({"extra": e}) for e in ("", *extras))]


def test_no_requirement_contradicts_another() -> None:
    problems, seen = [], set()
    waiting = [("spacetime-rl", requirement) for requirement in needed_by(PROJECT["dependencies"], set())]
    while waiting:
        owner, needed = waiting.pop()
        version = metadata.version(needed.name)
        if not needed.specifier.contains(version, prereleases=True):
            problems.append(f"{owner} needs {needed}, and {version} is installed")
        if (needed.name, key := frozenset(needed.extras)) not in seen:
            seen.add((needed.name, key))
            waiting += [
                (needed.name, other) for other in needed_by(metadata.requires(needed.name) or [], needed.extras)
            ]

    assert problems == []


def test_every_requirement_is_a_range_with_two_ends() -> None:
    open_ended = [
        line
        for line in map(Requirement, PROJECT["dependencies"])
        if {s.operator for s in line.specifier} != {">=", "<"} and line.name != "packaging"  # its versions are years
    ]

    assert open_ended == []


def test_a_peer_that_the_package_does_without_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock_program.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(NotMeasurable, match=r"godot_rl and stable_baselines3: not installed.*--no-deps godot-rl"):
        stock_program.require_client()


def test_a_package_that_may_not_be_written_is_named_before_a_baseline_is_trained(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(store.os, "access", lambda path, mode: False)
    monkeypatch.setattr("spacetime_rl.cli.baseline._train", lambda *_: pytest.fail("trained"))

    done = CliRunner().invoke(app, ["baseline", "vr_navigation"])

    assert "may not be written by this user; baselines are made in a checkout" in str(done.exception)
