"""Findings, their stores, and the oracles, without a game."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.playtest import LeftWorldConfig, NoProgressConfig, PlaytestConfig, StuckConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.errors import ConfigError, GameDied, UsageError
from spacetime_rl.game.trace import AgentTrace, Shape, Trace
from spacetime_rl.playtest.findings import Finding, FolderStore, Joined, ReadOnly, find_recording
from spacetime_rl.playtest.load import load_plan
from spacetime_rl.playtest.no_progress import NoProgress
from spacetime_rl.playtest.oracles import Faults, LeftWorld, Stuck
from spacetime_rl.playtest.sighting import Played, Sighting

FLOOR = Shape("Floor", -0.1, 0.0, np.array([[-5, -5], [5, -5], [5, 5], [-5, 5]], np.float32))


def make_played(positions: Sequence[Sequence[float]], effort: float = 1.0, ticks: int = 9) -> Played:
    """An agent that was at these places, a decision of `ticks` ticks apart, and acted with this effort."""
    rows = len(positions)
    places = np.array(positions, np.float32)
    agent = AgentTrace(
        name="walker_0",
        policy="walker",
        ending="truncated",
        ticks=np.arange(rows, dtype=np.int64) * ticks,
        positions=places,
        velocities=np.zeros_like(places),
        rewards={},
        actions=np.full((rows - 1, 2), effort, np.float32),
        decision_rewards=np.zeros(rows, np.float32),
    )
    trace = Trace(0, (agent,), (FLOOR,), {}, 90)
    config = RunConfig.model_validate({"scenario": {"name": "vr_ui"}})
    return Played(Episode(trace, Build("g", "c", "4.6", "x86_64"), config, 0, "random", "", ticks, {}))


def test_an_agent_that_acts_without_moving_is_stuck_once_from_when_it_has_lasted() -> None:
    free = [(0.1 * step, 0.0, 0.0) for step in range(20)]
    stuck = [*free, *([free[-1]] * 30)]
    (sighting,) = Stuck(StuckConfig(seconds=2.0)).examine(make_played(stuck))
    assert sighting.key == "stuck:walker@6,5"
    assert sighting.agent == "walker_0"
    assert sighting.decision == 19 + 20  # two seconds are twenty decisions of nine ticks
    assert list(Stuck(StuckConfig(seconds=4.0)).examine(make_played(stuck))) == []
    assert list(Stuck(StuckConfig(seconds=2.0)).examine(make_played(free))) == []


def test_who_is_stuck_at_an_obstacle_in_several_places_is_one_finding_named_by_it() -> None:
    wall = Shape("Wall", 0.0, 2.0, np.array([[2.0, -5.0], [2.2, -5.0], [2.2, 5.0], [2.0, 5.0]], np.float32))
    keys = set()
    for z in (-2.0, 2.0):
        way = [(0.1 * step, 0.0, z) for step in range(18)]
        played = make_played([*way, *([way[-1]] * 30)])
        trace = replace(played.episode.trace, outline=(FLOOR, wall))
        (sighting,) = Stuck(StuckConfig(seconds=2.0)).examine(Played(replace(played.episode, trace=trace)))
        keys.add(sighting.key)
    assert keys == {"stuck:walker@Wall"}


def test_who_walks_to_and_fro_for_long_and_earns_nothing_makes_no_progress_unless_it_plays_at_random() -> None:
    oracle = NoProgress(NoProgressConfig(seconds=4.0))
    played = make_played([(0.1 * (step % 2), 0.0, 0.0) for step in range(60)])
    assert list(oracle.examine(played)) == []
    trained = replace(played.episode, player="my-run")
    (sighting,) = oracle.examine(Played(trained))
    assert (sighting.key, sighting.decision) == ("no_progress:walker", 40)
    earning = replace(trained.trace.agents[0], rewards={"step": np.arange(60, dtype=np.float32)})
    assert list(oracle.examine(Played(replace(trained, trace=replace(trained.trace, agents=(earning,)))))) == []


def test_an_agent_that_stands_still_on_purpose_is_not_stuck() -> None:
    came = [(0.1 * step, 0.0, 0.0) for step in range(20)]
    oracle = Stuck(StuckConfig(seconds=2.0))
    assert list(oracle.examine(make_played([*came, *([came[-1]] * 50)], effort=0.1))) == []
    assert list(oracle.examine(make_played([(0.0, 0.0, 0.0)] * 50))) == []


def test_an_agent_outside_or_below_the_arena_has_left_it_and_one_above_has_not() -> None:
    oracle = LeftWorld(LeftWorldConfig(margin=1.0))
    (fell,) = oracle.examine(make_played([(0.0, 0.0, 0.0), (0.0, -0.5, 0.0), (0.0, -2.0, 0.0)]))
    assert (fell.severity, fell.decision, fell.key) == ("error", 2, "left_world:walker@5,5")
    (walked,) = oracle.examine(make_played([(4.9, 0.0, 0.0), (6.5, 0.0, 0.0)]))
    assert walked.decision == 1
    assert list(oracle.examine(make_played([(0.0, 0.0, 0.0), (0.0, 50.0, 0.0), (5.5, 0.0, 0.0)]))) == []


def test_a_fault_is_known_by_its_cause_and_not_by_its_message() -> None:
    fault = GameDied(
        "/my/game: the game gave up at STEP: res://a.gd:3 in _f: what (exit code 70); its log ends:\n  | x"
    )
    fault.fault = "script_error:res://a.gd:3"
    (sighting,) = Faults().examine(replace(make_played([(0.0, 0.0, 0.0)] * 3), fault=fault))
    assert (sighting.oracle, sighting.key) == ("script_error", "script_error:res://a.gd:3")
    assert sighting.message.endswith("an error: res://a.gd:3 in _f: what (exit code 70)")


def make_finding(key: str = "stuck:walker@1,2", **changes: object) -> Finding:
    sighting = Sighting("stuck", key, "warning", "walker_0 acted without moving", 12, "walker_0")
    return replace(Finding(sighting, "touch", "random", 3, 4, replays=(3, 3), builds=("abc",)), **changes)  # type: ignore[arg-type]


def test_a_store_keeps_marks_and_forgets_findings(tmp_path: Path) -> None:
    store, finding = FolderStore(tmp_path / "findings"), make_finding()
    episode = make_played([(0.0, 0.0, 0.0)] * 3).episode
    store.save(finding, episode)

    fetched, file = store.fetch(finding.name)
    assert fetched == finding
    assert file is not None
    assert read_episode(file).trace.agents[0].name == "walker_0"
    assert store.move(finding.name, "ignored").state == "ignored"
    assert [kept.state for kept in store] == ["ignored"]
    assert store.fetch(finding.name)[1] == file
    store.delete(finding.name)
    assert list(store) == []
    with pytest.raises(UsageError, match=f"no finding '{finding.name}'; there are none"):
        store.fetch(finding.name)


def test_stores_can_be_joined_and_the_first_is_written_to(tmp_path: Path) -> None:
    ours, theirs = FolderStore(tmp_path / "ours"), FolderStore(tmp_path / "artifact")
    one, other = make_finding("stuck:a"), make_finding("stuck:b")
    ours.save(one)
    theirs.save(other, make_played([(0.0, 0.0, 0.0)] * 3).episode)
    theirs.save(replace(one, seen=99))
    both = Joined(ours, [ReadOnly(theirs, "the artifact")])

    assert {finding.name: finding.seen for finding in both} == {one.name: 1, other.name: 1}
    assert both.move(other.name, "known").state == "known"
    assert both.fetch(other.name)[0].state == "known"
    assert ours.fetch(other.name)[1] is not None
    assert theirs.fetch(other.name)[0].state == "new"
    with pytest.raises(UsageError, match="the artifact is only read"):
        ReadOnly(theirs, "the artifact").delete(one.name)


def test_a_damaged_finding_is_named(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    folder = store.save(make_finding())
    (folder / "finding.json").write_text('{"format": 9}')
    with pytest.raises(UsageError, match=r"finding.json: a damaged finding, or one of a later version: format 9"):
        list(store)


@pytest.mark.parametrize(
    ("severity", "state", "counts"),
    [("error", "new", True), ("error", "fixed", True), ("error", "known", False), ("warning", "new", False)],
)
def test_new_errors_and_those_that_were_fixed_make_a_playtest_fail(severity: str, state: str, counts: bool) -> None:
    finding = make_finding(state=state)
    sighting = replace(finding.sighting, severity=severity)  # type: ignore[arg-type]
    assert replace(finding, sighting=sighting).counts is counts


def test_a_plan_is_a_configuration_with_a_section_which_training_leaves_alone(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("scenario: {name: vr_ui}\nplaytest: {episodes: 7, oracles: {stuck: {seconds: 2}}}\n")
    found = load_plan(str(plan), ["playtest.oracles.left_world=null"], ["games=3"], ["random", "baseline=3"])
    assert found.config.scenario.name == "vr_ui"
    assert (found.settings.episodes, found.settings.games) == (7, 3)
    assert found.settings.players == {"random": 1.0, "baseline": 3.0}
    assert found.settings.oracles.left_world is None
    assert found.settings.oracles.stuck == StuckConfig(seconds=2)
    assert load_plan("vr_ui").settings == PlaytestConfig()
    assert load(plan) == found.config


def test_every_mistake_of_a_plan_is_told_with_its_line(tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("scenario: {name: vr_ui}\ntraining: {lr: fast}\nplaytest:\n  episods: 7\n  games: 0\n")
    with pytest.raises(ConfigError) as error:
        load_plan(str(plan))
    text = str(error.value)
    assert f"{plan}:2: training.lr: " in text
    assert f"{plan}:4: playtest.episods: " in text
    assert f"{plan}:5: playtest.games: " in text
    with pytest.raises(ConfigError, match="expected key=value"):
        load_plan("vr_ui", ["playtest.games"])
    with pytest.raises(UsageError, match="--player random=much: expected PLAYER or PLAYER=SHARE"):
        load_plan("vr_ui", players=["random=much"])


def test_a_recording_is_found_by_the_name_of_its_finding(tmp_path: Path) -> None:
    name = make_finding().name
    for game in ("one", "other"):
        folder = FolderStore(tmp_path / "findings" / game).save(
            make_finding(), make_played([(0.0, 0.0, 0.0)] * 3).episode
        )
        assert find_recording(str(folder), tmp_path) == folder / "episode.parquet"
    with pytest.raises(UsageError, match=rf"{name}: several findings have this name.*one/{name}, .*other/{name}"):
        find_recording(name, tmp_path)
    FolderStore(tmp_path / "findings" / "one").delete(name)
    assert find_recording(name, tmp_path) == folder / "episode.parquet"
    assert find_recording("mine.parquet", tmp_path) == Path("mine.parquet")
    with pytest.raises(UsageError, match=f"did you mean '{name}'"):
        find_recording(name[:-1], tmp_path)
    (folder / "episode.parquet").unlink()
    with pytest.raises(UsageError, match="has no recording"):
        find_recording(name, tmp_path)
