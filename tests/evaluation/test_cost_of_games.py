"""What a game costs, where `game.monitor` is on: in reports of evaluations, and left out of what has to replay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from support.touch_run import RUN

from spacetime_rl.config import load
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.replay import compare, play_again
from spacetime_rl.errors import ConfigError
from spacetime_rl.evaluation.report import EvalReport
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.game.trace import Trace
from spacetime_rl.metrics import is_wall_clock

PAID = "performance/budget"


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory, godot_bin: Path) -> tuple[EvalReport, Episode]:
    """Two episodes of scripted players in a game that is monitored, the first of them recorded."""
    folder = tmp_path_factory.mktemp("monitored")
    game = {**RUN["game"], "monitor": True, "observe_performance": True, "penalise_performance": True}
    run = {**RUN, "game": game, "evaluation": {"games": 1, "arenas": 2, "episodes": 2}}
    (folder / "touch.yaml").write_text(yaml.safe_dump(run))
    found = evaluate_player("heuristic", str(folder / "touch.yaml"), record_to=folder / "episodes")
    return found.report, read_episode(folder / "episodes" / "ep_000000.parquet")


def test_a_report_has_what_each_episode_cost(evaluated: tuple[EvalReport, Episode]) -> None:
    report = evaluated[0]
    overall = report.to_dict()["overall"]["metrics"]
    assert overall["performance/cpu_ms_a_tick"] > 0.0
    assert overall["performance/physics_frame_time_ratio"] > 0.0
    assert "performance/render_frame_time_ms" not in overall
    assert all(result.metrics["performance/cpu_ms_a_tick"] > 0.0 for result in report.results)


def test_an_episode_of_a_monitored_game_replays_exactly(evaluated: tuple[EvalReport, Episode]) -> None:
    assert play_again(evaluated[1]).sentence.startswith("replayed exactly")


def test_what_is_of_the_wall_clock_is_not_compared_in_a_replay_and_all_else_is(
    evaluated: tuple[EvalReport, Episode],
) -> None:
    episode = evaluated[1]
    agent = episode.trace.agents[0]
    other = next(term for term in agent.rewards if not is_wall_clock(term))
    assert PAID in agent.rewards

    assert compare(episode, with_more(episode, PAID)) is None
    difference = compare(episode, with_more(episode, other))
    assert difference is not None
    assert difference.what == f"the rewards of {agent.name}"


def with_more(episode: Episode, term: str) -> Trace:
    """The episode's trace, in which the first agent earned more by this term."""
    agent, *others = episode.trace.agents
    assert agent.decision_rewards is not None
    richer = replace(
        agent,
        rewards={**agent.rewards, term: agent.rewards[term] + np.float32(1.0)},
        decision_rewards=agent.decision_rewards + np.float32(1.0),
    )
    return replace(episode.trace, agents=(richer, *others))


def test_an_observation_of_figures_that_are_not_measured_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "run.yaml"
    file.write_text(yaml.safe_dump({"scenario": {"name": "vr_ui"}, "game": {"observe_performance": True}}))
    with pytest.raises(ConfigError, match=r"game\.observe_performance: needs game\.monitor: true"):
        load(file)
