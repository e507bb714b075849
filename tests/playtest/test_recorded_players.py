"""Recorded players and several scenes in a playtest, on the real engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support.command import Done
from support.touch_run import RUN

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import Playtest, PlaytestConfig
from spacetime_rl.episodes.files import episode_files, read_description, read_episode
from spacetime_rl.episodes.replay import compare
from spacetime_rl.errors import ConfigError, EpisodeError
from spacetime_rl.playtest.journal import Journal
from spacetime_rl.playtest.recorded import _Varied, _wild, find_recorded

OFF = {"stuck": None, "left_world": None, "never_reached": False, "not_repeatable": None}
WIDE = {"scenario": {"params": {"room_m": 9.0}}}


def test_recorded_episodes_are_played_again_in_their_scene_and_then_varied(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    """Two recordings and four episodes; an oracle of the test's own keeps every episode."""
    (tmp_path / "keep_oracles.py").write_text(
        "from spacetime_rl.playtest.sighting import Sighting\n"
        "def keep(episode):\n"
        "    key = f'{episode.trace.hashes[-1]}'\n"
        "    yield Sighting('kept', key, 'warning', 'it was played', episode.decisions)\n"
    )
    playtest = {"players": {"tapes": 1}, "scenes": {"small": {}, "wide": WIDE}, "oracles": OFF}
    (tmp_path / "wide.yaml").write_text(yaml.safe_dump({**RUN, **WIDE}))
    plan: dict[str, Any] = {**RUN, "playtest": {**playtest, "episodes": 4, "games": 1, "reproduce": 0, "shorten": 0}}
    plan["playtest"]["oracles"] = {**OFF, "custom": ["keep_oracles.keep"]}
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump(plan))
    record = ("--episodes", "2", "--seed", "7", "--games", "1", "--arenas", "1", "--record-to", "tapes")
    assert command("eval", "random", "--config", "wide.yaml", *record).code == 0

    done = command("playtest", "touch.yaml", "--output", "out", "--findings", "found", "--json")

    assert done.code == 0, done.err
    entries = Journal.open(tmp_path / "out").entries
    assert [entry.scene for entry in entries] == ["wide"] * 4
    tapes = [read_episode(path) for path in episode_files(tmp_path / "tapes")]
    kept = {name: read_episode(tmp_path / "found" / name / "episode.parquet") for e in entries for name in e.found}
    played = [kept[entry.found[0]] for entry in entries]
    assert [(episode.seed, episode.trace.episode) for episode in played] == [(7, 0), (7, 1), (7, 0), (7, 1)]
    for tape, again, varied in zip(tapes, played[:2], played[2:], strict=True):
        assert compare(tape, again.trace) is None
        assert compare(tape, varied.trace) is not None
    report = json.loads(done.out)
    assert {finding["scene"] for finding in report["findings"]} == {"wide"}
    assert all(finding["sighting"]["key"].startswith("wide/") for finding in report["findings"])
    page = (tmp_path / "out" / "report.md").read_text()
    assert "wide: it was played" in page
    assert "map cells that any player has reached so far (100%)" in page
    assert report["scenes"]["wide"] == {"cells": report["cells"], "reachable": report["reachable"]}
    assert (tmp_path / "out" / "coverage-wide.png").is_file()


def test_a_recording_of_another_game_or_version_or_cut_short_is_refused_by_its_name(
    tmp_path: Path, command: Callable[..., Done]
) -> None:
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump(RUN))
    record = ("--episodes", "1", "--games", "1", "--arenas", "1", "--record-to", "tapes")
    assert command("eval", "random", "--config", "touch.yaml", *record).code == 0
    (tape,) = episode_files(tmp_path / "tapes")
    assert read_description(tape)["episode"] == 0

    other = command("playtest", "vr_ui", "--player", str(tape), "--episodes", "1")
    assert (other.code, str(tape) in other.err) == (2, True)
    assert "the recording has the agent" in other.err
    tape.write_bytes(tape.read_bytes()[:-100])
    cut = command("playtest", "touch.yaml", "--player", "tapes", "--episodes", "1")
    assert (cut.code, "a damaged episode file" in cut.err) == (2, True)
    assert not list((tmp_path / "results").glob("playtests/*/journal.jsonl"))  # nothing was played
    with pytest.raises(EpisodeError, match=r"nowhere\.parquet: no such file"):
        find_recorded("nowhere.parquet")


def test_part_of_a_recording_or_its_rest_is_random_and_so_is_what_comes_after_it() -> None:
    class Random:
        def act(self, state: object) -> list[np.ndarray]:
            return [np.full((1, 1), 9.0, np.float32)]

    actions = [[np.full((1, 1), float(number), np.float32)] for number in range(5)]
    varied = _Varied(actions, range(1, 3), Random())  # type: ignore[arg-type]
    assert [float(varied.act(None)[0][0, 0]) for _ in range(7)] == [0, 9, 9, 3, 4, 9, 9]  # type: ignore[arg-type]
    wild = [_wild(40, np.random.default_rng(seed)) for seed in range(200)]
    rest = [part for part in wild if part.stop == 40]
    assert 60 < len(rest) < 140
    assert all(len(part) <= 10 for part in wild if part not in rest)
    assert len(_wild(0, np.random.default_rng(0))) <= 1


def test_scenes_are_laid_over_the_configuration_and_are_of_one_build() -> None:
    config = RunConfig.model_validate({"name": "mine", "scenario": {"name": "vr_ui"}, "evaluation": {"episodes": 3}})

    def plan(**scenes: Any) -> Playtest:
        return Playtest(config, PlaytestConfig.model_validate({"scenes": scenes}))

    found = plan(ui={}, other={"scenario": {"name": "vr_navigation"}}).scenes({"vr_ui", "vr_navigation"})
    assert {name: scene.scenario.name for name, scene in found.items()} == {"ui": "vr_ui", "other": "vr_navigation"}
    assert found["other"].evaluation.episodes == 3
    assert plan().scenes() == {"": config}
    wrong = plan(**{"a/b": {}}, odd={"scenario": {"nam": 1}}, game={"game": {"project": "./x"}, "scenario": None})
    with pytest.raises(ConfigError) as error:
        wrong.scenes()
    assert [problem.partition(": ")[0] for problem in error.value.problems] == [
        "playtest.scenes.a/b",
        "playtest.scenes.odd",
        "playtest.scenes.game",
    ]
    with pytest.raises(ConfigError, match=r"playtest\.scenes\.ui: .*unknown scenario 'vr_uj'"):
        plan(ui={"scenario": {"name": "vr_uj"}}).scenes({"vr_ui"})
