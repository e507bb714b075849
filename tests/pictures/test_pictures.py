"""What is drawn of evaluated episodes, from the real game and from made-up ones."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.evaluation.evaluate import evaluate
from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise
from spacetime_rl.evaluation.sources import HeuristicSource, RandomSource
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.trace import AgentTrace, Ending, Shape, Trace, read_traces, write_traces
from spacetime_rl.pictures.comfort import write_comfort
from spacetime_rl.pictures.heights import draw_heights, heights_vary
from spacetime_rl.pictures.labels import Labels
from spacetime_rl.pictures.paths import anybody_moves, draw_paths, events
from spacetime_rl.pictures.rewards import draw_rewards
from spacetime_rl.pictures.style import canvas
from spacetime_rl.pictures.write import write_pictures


def size(png: Path) -> tuple[int, ...]:
    data = png.read_bytes()
    assert data.startswith(b"\x89PNG")
    return tuple(int(n) for n in np.frombuffer(data[16:24], ">u4"))


def make_agent(
    ending: Ending = "success", height: float = 1.0, velocity: bool = True, policy: str = "pilot"
) -> AgentTrace:
    share = np.linspace(0.0, 1.0, 11)
    positions = np.stack([5.0 * share, height * (1.0 - share), share**2], axis=1).astype(np.float32)
    rewards = {"progress": (3.0 * share).astype(np.float32), "goal": np.float32(10.0) * (share == 1.0)}
    return AgentTrace(
        name=f"{policy}_0",
        policy=policy,
        ending=ending,
        ticks=(90 * share).astype(np.int64),
        positions=positions,
        velocities=np.gradient(positions, axis=0) if velocity else None,
        rewards=rewards | {"time": (-share).astype(np.float32), "never": np.zeros(11, np.float32)},
    )


def make_trace(episode: int, *agents: AgentTrace) -> Trace:
    heights = np.arange(12, dtype=np.float32).reshape(3, 4)
    outline = (
        Shape("Floor", -1.0, 0.0, np.array([[-9, -9], [9, -9], [9, 9], [-9, 9]], np.float32)),
        Shape("Pillar", 0.0, 2.0, np.array([[2, 0]], np.float32), radius=0.5),
        Shape("Hills", 0.0, 11.0, np.array([[-9, -9], [9, 9]], np.float32), heights=heights),
    )
    return Trace(episode, agents or (make_agent(),), outline, {"goal": (5.0, 0.0, 1.0)}, 90)


def make_report(policy: str, metrics: list[dict[str, float]]) -> EvalReport:
    results = [
        AgentResult(i, f"{policy}_0", policy, {"return": 1.0, "length": 9.0, "success": 1.0} | own)
        for i, own in enumerate(metrics)
    ]
    own = summarise(policy, len(results), 7, results)
    return EvalReport("trained", "vr", len(results), 7, own, (own,), results=tuple(results))


def test_an_evaluation_of_the_real_game_is_drawn_and_written_down(godot_bin: Path, tmp_path: Path) -> None:
    launch = GameLaunch(scenario="vr_interaction", arenas=2)
    config = RunConfig.model_validate({"scenario": {"name": "vr_interaction"}})
    report = evaluate(launch, config, HeuristicSource(), 4, 1, 1, traced=2)

    files = write_pictures(report, tmp_path / "report", "heuristic")

    assert [file.name for file in files] == [
        "paths.png",
        "rewards_giver.png",
        "rewards_taker.png",
        "comfort_giver.png",
        "comfort_taker.png",
        "comfort.json",
        "traces.json",
        "episodes.csv",
    ]
    assert all(file.stat().st_size > 0 for file in files)
    assert len(read_traces((tmp_path / "report/traces.json").read_text(), 90)) == 2
    rows = list(csv.DictReader((tmp_path / "report/episodes.csv").open()))
    assert len(rows) == 16
    assert {row["agent"] for row in rows} == {"giver_0", "giver_1", "taker_0", "taker_1"}


@pytest.mark.parametrize(("episodes", "panels"), [(1, (1000, 610)), (4, (1500, 1110)), (12, (1500, 1610))])
def test_paths_have_a_panel_for_each_of_up_to_nine_episodes(
    episodes: int, panels: tuple[int, int], tmp_path: Path
) -> None:
    traces = [make_trace(i, make_agent(), make_agent("terminated", policy="walker")) for i in range(episodes)]

    assert size(draw_paths(traces, "demo", tmp_path / "paths.png")) == panels


def test_heights_are_drawn_of_those_who_fly(tmp_path: Path) -> None:
    low, high = make_trace(0), make_trace(1, make_agent(height=500.0), make_agent("truncated", 300.0, velocity=False))

    assert not heights_vary([low])
    assert heights_vary([low, high])
    assert size(draw_heights([low, high], "demo", tmp_path / "heights.png")) == (1500, 620)


def test_paths_are_drawn_of_those_who_move() -> None:
    still = make_agent()
    standing = make_trace(0, replace(still, positions=still.positions[:1].repeat(11, axis=0)))

    assert anybody_moves([make_trace(0)])
    assert not anybody_moves([standing])


def test_a_2d_game_is_drawn_in_pixels(tmp_path: Path) -> None:
    agent = make_agent()
    near = replace(make_trace(0), unit="px", outline=())
    wall = Shape("Wall", 0.0, 0.0, np.array([[-300, 400], [300, 400], [300, 440], [-300, 440]], np.float32))
    far = replace(near, agents=(replace(agent, positions=100 * agent.positions),), outline=(wall,))

    assert not anybody_moves([near])  # five pixels
    assert anybody_moves([far])
    assert size(draw_paths([far], "demo", tmp_path / "paths.png")) == (1000, 610)
    assert read_traces(write_traces((far,)), 90)[0].unit == "px"


def test_rewards_are_stacked_for_an_episode_of_each_ending(tmp_path: Path) -> None:
    endings: list[Ending] = ["success", "success", "success", "terminated", "truncated"]
    traces = [make_trace(i, make_agent(ending)) for i, ending in enumerate(endings)]

    assert size(draw_rewards(traces, "pilot", "demo", tmp_path / "rewards.png")) == (1500, 3 * 360 + 60)
    assert size(draw_rewards(traces[:1], "pilot", "demo", tmp_path / "one.png")) == (1500, 420)


def test_comfort_is_reported_with_quantiles_for_the_policies_that_measure_it(tmp_path: Path) -> None:
    report = make_report("walker", [{"comfort_score": i / 100, "jerk": 2.0} for i in range(101)])

    files = write_comfort(report, "demo", tmp_path)

    assert [file.name for file in files] == ["comfort.json", "comfort_walker.png"]
    found = json.loads(files[0].read_text())["policies"]["walker"]
    assert list(found) == ["comfort_score", "jerk"]
    assert found["comfort_score"]["q5"] == pytest.approx(0.05)
    assert found["comfort_score"]["q50"] == pytest.approx(0.5)
    assert found["jerk"] == {
        "unit": "rms, m/s³", "values": 101, "mean": 2.0, "least": 2.0, "greatest": 2.0,
        "q5": 2.0, "q25": 2.0, "q50": 2.0, "q75": 2.0, "q95": 2.0,
    }  # fmt: skip


def test_nothing_is_said_of_comfort_where_nobody_measures_it(tmp_path: Path) -> None:
    assert write_comfort(make_report("car", [{"speed": 1.0}]), "demo", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_a_rare_large_reward_before_the_end_is_an_event() -> None:
    share = np.linspace(0.0, 1.0, 11, dtype=np.float32)
    rewards = {
        "grab": np.where(share >= 0.5, 2.0, 0.0).astype(np.float32),
        "often": (10 * share).astype(np.float32),
        "small": np.where(share >= 0.5, 0.1, 0.0).astype(np.float32),
        "goal": np.where(share >= 1.0, 10.0, 0.0).astype(np.float32),
    }
    assert events(replace(make_agent(), rewards=rewards)) == [("grab", 5)]


def test_names_beside_one_place_do_not_cover_each_other(tmp_path: Path) -> None:
    with canvas("names", tmp_path / "names.png", 500, 500) as figure:
        labels = Labels(figure.subplots(), (0.0, 0.0), (10.0, 10.0), 400.0)
        for name in ("giver_0", "taker_0", "object_0", "grab"):
            labels.write(name, 5.0, 5.0)
    boxes = labels._taken
    for i, one in enumerate(boxes):
        for other in boxes[:i]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_a_picture_of_the_real_game_has_its_objects_and_the_radius_of_its_goal(godot_bin: Path) -> None:
    found = {}
    for name in ("vr_interaction", "vr_navigation"):
        config = RunConfig.model_validate({"scenario": {"name": name}})
        report = evaluate(GameLaunch(scenario=name), config, RandomSource(), 1, 1, 1, traced=1)
        found[name] = read_traces(write_traces(report.traces), 90)[0]
    assert set(found["vr_interaction"].landmarks) == {"object_0", "object_1"}
    assert found["vr_interaction"].radii == {}
    assert found["vr_navigation"].radii == {"goal": 0.5}
