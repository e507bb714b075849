"""Episodes of a stock game: recorded by what its protocol gives, shown, exported, and played again."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from support import fake_stock_game
from support.command import Done, run_command

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.episodes.replay import compare, play_again
from spacetime_rl.evaluation.story import evaluate_player


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five episodes of a game of three agents, whose episodes last 3, 4 and 5 decisions."""
    folder = tmp_path_factory.mktemp("stock")
    program = folder / "game.x86_64"
    program.write_bytes(Path(fake_stock_game.__file__).read_bytes())
    program.chmod(0o755)
    config = {"name": "fake", "game": {"env_path": str(program)}, "evaluation": {"games": 1, "episodes": 5}}
    (folder / "fake.yaml").write_text(yaml.safe_dump(config))
    evaluate_player("random", str(folder / "fake.yaml"), record_to=folder / "episodes")
    return folder / "episodes"


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def _first(folder: Path) -> Episode:
    return read_episode(folder / "ep_000000.parquet")


def test_each_agents_episodes_are_recorded_with_what_it_saw_did_and_earned(recorded: Path) -> None:
    episodes = [read_episode(file) for file in sorted(recorded.iterdir())]
    assert [episode.trace.episode for episode in episodes] == list(range(5))
    (agent,) = episodes[0].trace.agents
    assert (agent.name, agent.policy, agent.ending) == ("p_0", "p", "terminated")
    assert agent.observations is not None
    assert agent.actions is not None
    assert agent.decision_rewards is not None
    assert agent.observations[:, 1].tolist() == [0.0, 1.0, 2.0, 3.0]
    np.testing.assert_allclose(agent.decision_rewards[1:], agent.actions.sum(axis=1), atol=1e-6)
    assert np.isnan(agent.positions).all()
    assert episodes[0].trace.hashes is None
    assert episodes[0].metrics["p_0"]["length"] == 3.0


def test_they_are_listed_and_exported_without_places(
    recorded: Path, tmp_path: Path, command: Callable[..., Done]
) -> None:
    assert len(json.loads(command("episodes", "list", str(recorded), "--json").out)) == 5
    assert "p_0 (p): terminated" in command("episodes", "show", str(recorded / "ep_000000.parquet")).out
    done = command("episodes", "export", str(recorded), "--to", str(tmp_path))
    assert done.code == 0, done.err
    first = json.loads((tmp_path / "ep_000000.jsonl").read_text().splitlines()[0])
    assert first["observation"] == [0.0, 0.0]
    assert first["position"] == [None, None, None]


def test_a_replay_compares_what_the_agent_saw_and_earned(recorded: Path) -> None:
    episode = _first(recorded)
    played = play_again(episode, episode.config)
    assert played.sentence == "replayed exactly, 3 decisions"
    (agent,) = episode.trace.agents
    assert played.trace is not None
    assert agent.observations is not None
    other = replace(agent, observations=agent.observations + np.array([[0], [0], [1], [0]], np.float32))
    found = compare(replace(episode, trace=replace(episode.trace, agents=(other,))), played.trace)
    assert found is not None
    assert (found.decision, found.what) == (2, "the observation of p_0")
