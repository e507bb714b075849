"""`doctor --hash`: fixed episodes are the same here as where their hash was published."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacetime_rl.cli.app import app
from spacetime_rl.doctor import determinism
from spacetime_rl.doctor.determinism import EpisodeHash, compare, measure_hash, published

ONE = EpisodeHash("vr_interaction", 300, "4.6.3.stable", "x86_64", "abc", "0123")


def test_a_hash_is_compared_with_that_of_the_same_engine_architecture_and_scenario() -> None:
    assert compare(ONE, [ONE]) == "as published"
    assert compare(ONE, [replace(ONE, sha256="4567")]) == "differs"
    for other in (replace(ONE, engine="4.7"), replace(ONE, architecture="arm64"), replace(ONE, content="def")):
        assert compare(ONE, [other]) == "not published"


def test_the_published_episodes_are_played_here_too(godot_bin: Path) -> None:
    assert compare(measure_hash("spacecraft_landing"), published()) in ("as published", "not published")


def test_the_same_episodes_give_the_same_hash_and_others_another(godot_bin: Path) -> None:
    first, again, longer = (measure_hash("vr_interaction", decisions).sha256 for decisions in (20, 20, 21))

    assert first == again != longer


def test_a_hash_that_differs_is_a_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(determinism, "measure_hash", lambda scenario: replace(ONE, scenario=scenario))
    monkeypatch.setattr(determinism, "published", lambda: [replace(ONE, sha256="4567")])

    done = CliRunner().invoke(app, ["doctor", "--hash", "--json"])

    standings = {entry["scenario"]: entry["standing"] for entry in json.loads(done.stdout)["hashes"]}
    assert standings == {"vr_interaction": "differs", "spacecraft_landing": "not published"}
    assert done.exit_code == 1
