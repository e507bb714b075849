"""Oracles of a user's own, as docs/playtest.md has them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from support.command import run_command
from support.touch_run import RUN

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import OraclesConfig
from spacetime_rl.config.user_code import load_function
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.errors import ConfigError, UserCodeError
from spacetime_rl.game.trace import AgentTrace, Trace
from spacetime_rl.playtest.oracles import check_oracle, make_oracles
from spacetime_rl.playtest.sighting import Played, Sighting

PAGE = (Path(__file__).parents[2] / "docs" / "playtest.md").read_text()


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's file, in the folder that one starts in."""
    (text,) = re.findall(r"```python\n# my_oracles.py\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "my_oracles.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_oracles", raising=False)
    return tmp_path


def walk(speed: float) -> Episode:
    rows = 4
    agent = AgentTrace(
        name="walker_0",
        policy="walker",
        ending="truncated",
        ticks=np.arange(rows, dtype=np.int64) * 6,
        positions=np.zeros((rows, 3), np.float32),
        velocities=np.full((rows, 3), speed, np.float32),
        rewards={},
        actions=np.zeros((rows - 1, 2), np.float32),
    )
    config = RunConfig.model_validate({"scenario": {"name": "vr_ui"}})
    return Episode(Trace(0, (agent,), (), {}, 90), Build("g", "c", "4.6", "x86_64"), config, 0, "random", "", 6, {})


def test_the_pages_oracle_reports_what_is_too_fast_and_passes_its_check(example: Path) -> None:
    too_fast = load_function("custom", "my_oracles.too_fast", example)
    (sighting,) = check_oracle(too_fast, walk(4.0))
    assert (sighting.key, sighting.decision) == ("too_fast:walker", 0)
    assert check_oracle(too_fast, walk(1.0)) == []


def test_a_check_finds_what_a_playtest_cannot_use() -> None:
    good = Sighting("mine", "mine:a", "error", "what", 1)
    calls = iter(range(100))

    def changing(_: Episode) -> Iterator[Sighting]:
        yield replace(good, key=f"mine:{next(calls)}")

    with pytest.raises(AssertionError, match="the same episode gave"):
        check_oracle(changing, walk(1.0))
    with pytest.raises(AssertionError, match="reported twice"):
        check_oracle(lambda _: [good, good], walk(1.0))
    with pytest.raises(AssertionError, match="decision 99 of 3"):
        check_oracle(lambda _: [replace(good, decision=99)], walk(1.0))
    with pytest.raises(UserCodeError, match="expected a Sighting"):
        check_oracle(lambda _: ["what"], walk(1.0))  # type: ignore[list-item]


def test_an_oracle_that_there_is_not_is_refused_by_name(example: Path) -> None:
    with pytest.raises(ConfigError, match=r"playtest.oracles.custom: 'my_oracles.too_slow' cannot be loaded"):
        make_oracles(OraclesConfig(custom=("my_oracles.too_slow",)), example)


def test_an_oracle_that_fails_says_so(example: Path) -> None:
    (example / "my_oracles.py").write_text("def broken(episode):\n    raise ValueError('nobody knows')\n")
    oracles = make_oracles(OraclesConfig(custom=("my_oracles.broken",)), example)
    oracle = next(oracle for oracle in oracles if oracle.name == "broken")
    with pytest.raises(UserCodeError, match="the oracle broken failed: ValueError: nobody knows"):
        list(oracle.examine(Played(walk(1.0))))


@pytest.mark.usefixtures("godot_bin")
def test_a_playtest_goes_on_without_an_oracle_that_fails_and_ends_with_3(
    example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example / "my_oracles.py").write_text("def broken(episode):\n    return 1 / 0\n")
    playtest = {"players": {"random": 1}, "episodes": 3, "games": 1, "oracles": {"custom": ["my_oracles.broken"]}}
    (example / "touch.yaml").write_text(yaml.safe_dump({**RUN, "playtest": playtest}))
    done = run_command("playtest", "touch.yaml", "--json", monkeypatch=monkeypatch, capsys=capsys)
    assert done.code == 3
    report = json.loads(done.out)
    assert report["episodes"] == 3
    assert report["problems"] == ["the oracle broken failed: ZeroDivisionError: division by zero"]
    assert done.err.count("it is left out from now on") == 1


@pytest.mark.usefixtures("godot_bin")
def test_a_finding_that_depends_on_the_clock_is_kept_and_not_played_again(
    example: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example / "my_oracles.py").write_text(
        "from spacetime_rl.playtest.sighting import Sighting\n\n\n"
        "def queue(episode):\n    yield Sighting('queue', 'queue:performance/full', 'warning', 'it was full', 1)\n"
    )
    playtest = {"players": {"random": 1}, "episodes": 1, "games": 1, "oracles": {"custom": ["my_oracles.queue"]}}
    (example / "touch.yaml").write_text(yaml.safe_dump({**RUN, "playtest": playtest}))
    done = run_command("playtest", "touch.yaml", "--json", monkeypatch=monkeypatch, capsys=capsys)
    (finding,) = [found for found in json.loads(done.out)["findings"] if found["sighting"]["oracle"] == "queue"]
    assert finding["reproduces"] == "not tried: it depends on the clock or on threads, not on what was played"
    assert finding["decisions"] > 0
