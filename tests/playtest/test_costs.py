"""Oracles of what a game costs, and the game's own figures of what its episodes leave behind."""

from __future__ import annotations

import numpy as np
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.config.playtest import FrameBudgetConfig, GrowthConfig, OraclesConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.game.trace import AgentTrace, Trace
from spacetime_rl.playtest.costs import FrameBudget, Growth
from spacetime_rl.playtest.oracles import make_oracles
from spacetime_rl.playtest.sighting import Played


def played(**cost: float) -> Played:
    """An episode of three decisions whose agent reported this of `performance/`."""
    agent = AgentTrace(
        "walker_0", "walker", "success", np.array([0, 8, 16, 24]), np.zeros((4, 3), np.float32), None, {}
    )
    episode = Episode(
        trace=Trace(0, (agent,), (), {}, 90),
        build=Build("touch", "", "", ""),
        config=RunConfig.model_validate({"scenario": {"name": "vr_ui"}}),
        seed=0,
        player="random",
        recorded_at="",
        action_repeat=8,
        layouts={},
        metrics={"walker_0": {"return": 1.0, **{f"performance/{name}": value for name, value in cost.items()}}},
    )
    return Played(episode)


def test_many_slow_frames_are_a_warning_at_the_end_of_the_episode() -> None:
    oracle = FrameBudget(FrameBudgetConfig(share=0.1))
    assert list(oracle.examine(played(frames_over_budget=0.1, physics_frame_time_ms_max=30.0))) == []
    (seen,) = oracle.examine(played(frames_over_budget=0.25, physics_frame_time_ms_max=30.0))
    assert (seen.key, seen.severity, seen.decision) == ("frame_budget", "warning", 3)
    assert seen.message == "25.0% of the ticks took longer than 11.11 ms, at most 30.0 ms"


@pytest.mark.parametrize(
    ("figure", "allowed", "key"),
    [
        ("node_count_growth", 1000.0, "growth:node_count_growth"),
        ("orphan_node_count_growth", 10.0, "growth:orphan_node_count_growth"),
        ("static_memory_mb_growth", 200.0, "growth:static_memory_mb_growth"),
        ("node_count_kept", 1.0, "growth:node_count_kept"),
        ("orphan_node_count_kept", 1.0, "growth:orphan_node_count_kept"),
        ("static_memory_mb_kept", 1.0, "growth:static_memory_mb_kept"),
    ],
)
def test_what_grows_beyond_its_limit_is_a_warning(figure: str, allowed: float, key: str) -> None:
    oracle = Growth(GrowthConfig())
    assert list(oracle.examine(played(**{figure: allowed}))) == []
    (seen,) = oracle.examine(played(**{figure: allowed * 1.5}))
    assert (seen.key, seen.severity) == (key, "warning")


def test_a_game_that_is_not_monitored_is_not_looked_at() -> None:
    assert [
        *FrameBudget(FrameBudgetConfig(share=0.0)).examine(played()),
        *Growth(GrowthConfig()).examine(played()),
    ] == []


def test_null_switches_them_off() -> None:
    names = {oracle.name for oracle in make_oracles(OraclesConfig())}
    assert {"frame_budget", "growth"} <= names
    off = {oracle.name for oracle in make_oracles(OraclesConfig(frame_budget=None, growth=None))}
    assert names - off == {"frame_budget", "growth"}
