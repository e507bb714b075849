"""Episodes of the real engine, recorded by `eval` and played again by `replay`."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import minari
import numpy as np
import pytest
import yaml
from support.command import Done, run_command
from support.touch_run import RUN

from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.replay import find_clocks, play_again
from spacetime_rl.evaluation.story import evaluate_player

DICE = """extends RLRewardTerm


func amount(_delta: float) -> float:
	return randf()
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, godot_bin: Path) -> Path:
    """A folder with three episodes of scripted players, in a game of four arenas."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "touch.yaml").write_text(yaml.safe_dump({**RUN, "evaluation": {"games": 1, "arenas": 4, "episodes": 3}}))
    evaluate_player("heuristic", str(folder / "touch.yaml"), record_to=folder / "episodes")
    return folder / "episodes"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def test_a_recorded_episode_replays_exactly_and_says_so(recorded: Path, command: Callable[..., Done]) -> None:
    assert [path.name for path in sorted(recorded.iterdir())] == [f"ep_00000{n}.parquet" for n in range(3)]
    done = command("replay", str(recorded / "ep_000002.parquet"), "--check")
    assert done.code == 0, done.err
    decisions = read_episode(recorded / "ep_000002.parquet").decisions
    assert done.out == f"replayed exactly, {decisions} decisions\n"


def test_another_setting_is_found_with_the_decision_and_the_body(recorded: Path, command: Callable[..., Done]) -> None:
    file = str(recorded / "ep_000000.parquet")
    done = command("replay", file, "--set", "scenario.params.room_m=6", "--check", "--json")
    assert done.code == 1, done.err
    found = json.loads(done.out)
    assert not found["exact"]
    assert found["first_difference"]["decision"] == 0
    assert "Room/" in found["first_difference"]["what"]
    assert found["causes"] == ["another setting: scenario.params.room_m: (not set) -> 6"]


def test_a_game_that_throws_dice_without_a_seed_is_named_as_the_cause(tmp_path: Path, godot_bin: Path) -> None:
    (tmp_path / "dice.gd").write_text(DICE)
    config = {**RUN, "rewards": {"scripts": [str(tmp_path / "dice.gd")]}, "evaluation": {"games": 1, "episodes": 1}}
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump(config))
    evaluate_player("heuristic", str(tmp_path / "touch.yaml"), record_to=tmp_path / "episodes")

    played = play_again(read_episode(tmp_path / "episodes" / "ep_000000.parquet"))

    assert played.difference is not None
    assert "the reward of walker_0" in played.difference.what
    assert "random numbers without a seed" in played.causes[0]


def test_calls_that_make_two_runs_differ_are_found_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "addons/spacetime_rl").mkdir(parents=True)
    (tmp_path / "addons/spacetime_rl/ours.gd").write_text("var now := Time.get_ticks_msec()\n")
    calls = ("rng.randf()", "randf()", "1  # randi()", "all.pick_random()", "Time.get_ticks_usec()")
    (tmp_path / "enemy.gd").write_text("".join(f"var a{n} := {call}\n" for n, call in enumerate(calls)))
    found = ["enemy.gd:2 randf", "enemy.gd:4 pick_random", "enemy.gd:5 Time.get_ticks_usec"]
    assert list(find_clocks(tmp_path)) == found


def test_recorded_episodes_are_listed_shown_and_exported(
    recorded: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    listed = command("episodes", "list", str(recorded), "--json")
    assert [entry["episode"] for entry in json.loads(listed.out)] == [0, 1, 2]
    assert "heuristic" in command("episodes", "list", str(recorded)).out
    shown = command("episodes", "show", str(recorded / "ep_000001.parquet"))
    assert "episode 1 of seed 10000, played by heuristic" in shown.out
    assert "walker_0 (walker): success" in shown.out
    exported = command("episodes", "export", str(recorded), "--to", str(tmp_path / "trajectories"))
    assert exported.code == 0, exported.err
    assert sorted(path.name for path in (tmp_path / "trajectories").iterdir()) == [
        f"ep_00000{n}.jsonl" for n in range(3)
    ]


def test_recordings_go_below_the_named_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Done]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AI_DATA_ROOT", str(tmp_path / "data"))
    (tmp_path / "touch.yaml").write_text(yaml.safe_dump({**RUN, "evaluation": {"games": 1, "arenas": 2}}))
    done = command("eval", "random", "--config", "touch.yaml", "--episodes", "2", "--record", "--json")
    assert done.code == 0, done.err
    folder = Path(json.loads(done.out)["recorded"])
    assert folder.parent == tmp_path / "data" / "episodes"
    assert folder.name.endswith("-random-touch-seed10000")
    assert "2 " in command("episodes", "list").out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("replay", "nowhere.parquet"), "nowhere.parquet: no such file"),
        (("episodes", "show", "nowhere.parquet"), "nowhere.parquet"),
        (("episodes", "list", "nowhere"), "no such folder"),
        (("episodes", "export", "."), "holds no recorded episode"),
    ],
)
def test_a_wrong_place_is_named(
    arguments: tuple[str, ...],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., Done],
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command(*arguments)
    assert done.code == 2
    assert reason in done.err


def test_minari_loads_what_is_exported_and_finds_nothing_wrong(
    recorded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., Done]
) -> None:
    done = command("episodes", "export", str(recorded), "--format", "minari", "--to", str(tmp_path))
    assert done.code == 0, done.err
    assert done.out.splitlines() == [f"touch/{policy}-v0 in {tmp_path}" for policy in ("walker", "jumper")]
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    walkers, jumpers = (minari.load_dataset(f"touch/{policy}-v0") for policy in ("walker", "jumper"))
    assert (walkers.total_episodes, jumpers.total_episodes) == (6, 3)
    episode = read_episode(recorded / "ep_000000.parquet")
    first, agent = walkers[0], episode.trace.agents[0]
    np.testing.assert_array_equal(first.observations, agent.observations)
    assert agent.decision_rewards is not None
    np.testing.assert_array_equal(first.rewards, agent.decision_rewards[1:])
    assert first.terminations[-1]
    assert not first.terminations[:-1].any()
    for dataset in (walkers, jumpers):
        for found in dataset.iterate_episodes():
            assert all(dataset.observation_space.contains(seen) for seen in found.observations)
            assert all(dataset.action_space.contains(_at(found.actions, step)) for step in range(len(found.rewards)))
            assert len(found.observations) == len(found.rewards) + 1 == len(found.terminations) + 1
    again = command("episodes", "export", str(recorded), "--format", "minari", "--to", str(tmp_path))
    assert again.code == 2
    assert "exists already" in again.err


def _at(actions: Any, step: int) -> Any:
    return {name: values[step] for name, values in actions.items()} if isinstance(actions, dict) else actions[step]
