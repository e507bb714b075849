"""Episode files: what is written is read again, and what is no episode is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.episodes.export import export_jsonl
from spacetime_rl.episodes.files import describe_all, file_name, read_description, read_episode, write_episode
from spacetime_rl.errors import EpisodeError, RecordingError
from spacetime_rl.game.spec import ActionField, ObservationField, PolicyLayout
from spacetime_rl.game.trace import AgentTrace, Ending, Shape, Trace, write_traces


def make_agent(name: str, ticks: list[int], ending: Ending = "success", *, bare: bool = False) -> AgentTrace:
    """An agent with two observations and one action; a `bare` one has no body that moves, and no reward terms."""
    rows = len(ticks)
    numbers = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3)
    return AgentTrace(
        name=name,
        policy=name.partition("_")[0],
        ending=ending,
        ticks=np.array(ticks, np.int64),
        positions=numbers,
        velocities=None if bare else -numbers,
        rewards={} if bare else {"time": numbers[:, 0], "goal": numbers[:, 1]},
        actions=numbers[: max(0, rows - 1), :1],
        decision_rewards=numbers[:, 2],
        observations=None if bare else numbers[:, :2],
    )


def make_episode(*agents: AgentTrace, number: int = 7) -> Episode:
    layout = PolicyLayout((ObservationField("seen", 2),), (), (ActionField("move", "continuous", 1),))
    trace = Trace(
        episode=number,
        agents=agents,
        outline=(Shape("Floor", 0.0, 1.0, np.array([[0, 0], [1, 0], [1, 1]], np.float32)),),
        landmarks={"goal": (1.0, 2.0, 3.0)},
        physics_hz=90,
        hashes=np.array([11, 2**63 + 5, 13, 14], np.uint64),
        parts=("random numbers", "Walker"),
        part_hashes=np.array([[1, 2], [3, 4], [5, 2**32 - 1], [7, 8]], np.uint32),
    )
    return Episode(
        trace=trace,
        build=Build("touch", "0123456789abcdef", "4.6", "x86_64"),
        config=RunConfig.model_validate({"scenario": {"name": "vr_ui", "params": {"menus": 2}}}),
        seed=2**31,
        player="heuristic",
        recorded_at="2026-11-28T10:00:00+00:00",
        action_repeat=6,
        layouts={"walker": layout},
        metrics={agent.name: {"return": 1.5, "success": 1.0} for agent in agents},
        params={"gravity": 9.0},
    )


WALKER = make_agent("walker_0", [0, 6, 12, 16])


def test_everything_of_an_episode_is_read_again(tmp_path: Path) -> None:
    episode = make_episode(WALKER, make_agent("door_0", [0, 6, 12, 18], "truncated", bare=True))
    path = tmp_path / "new" / file_name(7)
    write_episode(episode, path)

    again = read_episode(path)

    assert write_traces((again.trace,)) == write_traces((episode.trace,))
    assert again.trace.agents[0].observations is not None
    assert again.trace.agents[1].observations is None
    assert again.config == episode.config
    for name in ("build", "seed", "player", "recorded_at", "action_repeat", "layouts", "metrics", "params", "pace"):
        assert getattr(again, name) == getattr(episode, name), name
    assert [file.name for file in path.parent.iterdir()] == ["ep_000007.parquet"]


def test_an_agent_that_never_began_is_left_out_and_a_late_one_keeps_its_time(tmp_path: Path) -> None:
    waits = make_agent("late_1", [])
    late = make_agent("late_0", [12, 18])
    write_episode(make_episode(WALKER, late, waits), tmp_path / "ep_1.parquet")

    again = read_episode(tmp_path / "ep_1.parquet")

    assert [agent.name for agent in again.trace.agents] == ["walker_0", "late_0"]
    assert again.trace.agents[1].ticks.tolist() == [12, 18]
    assert again.decisions == 3


def test_states_of_which_no_agent_has_a_row_are_not_known(tmp_path: Path) -> None:
    write_episode(make_episode(make_agent("late_0", [6, 12])), tmp_path / "ep_1.parquet")
    hashes = read_episode(tmp_path / "ep_1.parquet").trace.hashes
    assert hashes is not None
    assert hashes.tolist() == [0, 2**63 + 5, 13, 0]


def test_other_programs_read_the_table(tmp_path: Path) -> None:
    write_episode(make_episode(WALKER), tmp_path / "ep_1.parquet")
    rows = pq.read_table(tmp_path / "ep_1.parquet").to_pylist()
    assert [row["decision"] for row in rows] == [0, 1, 2, 3]
    assert rows[1]["action"] == [3.0]
    assert rows[3]["action"] is None
    assert rows[3]["state_hash"] == 14
    assert {row["agent"] for row in rows} == {"walker_0"}


def test_json_lines_have_what_was_seen_done_and_earned(tmp_path: Path) -> None:
    path = tmp_path / "ep_000007.parquet"
    write_episode(make_episode(WALKER, make_agent("door_0", [0, 6, 12, 18], "truncated", bare=True)), path)

    (out,) = export_jsonl([path], tmp_path / "trajectories")

    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert out.name == "ep_000007.jsonl"
    assert [(line["decision"], line["agent"]) for line in lines[:3]] == [
        (0, "walker_0"),
        (0, "door_0"),
        (1, "walker_0"),
    ]
    assert lines[0]["observation"] == [0.0, 1.0]
    assert lines[0]["reward"] == 5.0
    assert lines[1]["velocity"] is None
    walker, door = lines[-2:]
    assert (walker["terminated"], walker["success"], walker["truncated"]) == (True, True, False)
    assert (door["terminated"], door["success"], door["truncated"]) == (False, False, True)


def test_what_is_no_episode_is_refused_by_name(tmp_path: Path) -> None:
    good = tmp_path / "ep_1.parquet"
    write_episode(make_episode(WALKER), good)
    whole = good.read_bytes()
    cases = {
        "missing": (None, "no such file"),
        "short": (whole[: len(whole) // 2], "a damaged episode file"),
        "empty": (b"", "a damaged episode file"),
        "text": (b"not parquet at all", "a damaged episode file"),
    }
    for name, (content, reason) in cases.items():
        path = tmp_path / f"{name}.parquet"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(EpisodeError, match=reason) as error:
            read_episode(path)
        assert str(path) in str(error.value)


def test_bytes_that_changed_are_refused_or_give_other_numbers_but_never_another_error(tmp_path: Path) -> None:
    good = tmp_path / "ep_1.parquet"
    write_episode(make_episode(WALKER), good)
    whole = bytearray(good.read_bytes())
    bad = tmp_path / "ep_2.parquet"
    refused = 0
    for place in range(0, len(whole), max(1, len(whole) // 300)):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        bad.write_bytes(broken)
        try:
            read_episode(bad)
        except EpisodeError:
            refused += 1
    assert refused > 50


def test_another_parquet_file_and_a_later_format_are_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    with pytest.raises(EpisodeError, match="not a recorded episode"):
        read_episode(other)
    later = pa.table({"a": [1]}).replace_schema_metadata({b"spacetime_rl.episode": b'{"format": 99}'})
    pq.write_table(later, other)
    with pytest.raises(EpisodeError, match="format 99, by a later version; this version reads 1"):
        read_description(other)


def test_a_disk_that_does_not_take_it_is_said_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where a folder is needed")
    with pytest.raises(RecordingError, match="could not be written"):
        write_episode(make_episode(WALKER), tmp_path / "taken" / "ep_1.parquet")


def test_a_folder_is_described_with_what_is_wrong_in_it(tmp_path: Path) -> None:
    write_episode(make_episode(WALKER), tmp_path / "a" / "ep_000001.parquet")
    (tmp_path / "ep_000002.parquet").write_bytes(b"nonsense")
    found = dict(describe_all(tmp_path))
    fine, broken = found[tmp_path / "a" / "ep_000001.parquet"], found[tmp_path / "ep_000002.parquet"]
    assert not isinstance(fine, EpisodeError)
    assert fine["player"] == "heuristic"
    assert isinstance(broken, EpisodeError)
