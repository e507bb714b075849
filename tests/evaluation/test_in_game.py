"""Policies that the game itself computes: they act as they do in Python, and other agents are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import read_episode
from spacetime_rl.errors import ContractError, UsageError
from spacetime_rl.evaluation.story import evaluate_player
from spacetime_rl.game.client import open_game
from spacetime_rl.game.launch import GameLaunch

# In one arena, so that memory has to be empty again where the second episode begins.
PLAYED = ("evaluation.episodes=2", "evaluation.games=1", "evaluation.arenas=1", "evaluation.seed=3")


def play(onnx_folder: Path, config: RunConfig, folder: Path, in_game: bool) -> list[Episode]:
    evaluate_player(str(onnx_folder), config, PLAYED, record_to=folder, in_game=in_game)
    return [read_episode(file) for file in sorted(folder.rglob("*.parquet"))]


def actions_of(episode: Episode, policy: str) -> list[Any]:
    of_policy = [agent.actions for agent in episode.trace.agents if agent.policy == policy]
    return [step for actions in of_policy if actions is not None for step in actions]


def test_agents_do_in_the_game_what_they_do_through_python(
    onnx_folder: Path, config: RunConfig, tmp_path: Path
) -> None:
    python, game = (play(onnx_folder, config, tmp_path / name, name == "game") for name in ("python", "game"))

    assert len(python) == len(game) == 2
    assert len(np.unique([step for episode in python for step in actions_of(episode, "walker")], axis=0)) > 20
    for one, other in zip(python, game, strict=True):
        assert [agent.policy for agent in one.trace.agents] == [agent.policy for agent in other.trace.agents]
        assert one.decisions == other.decisions
        for first, second in zip(one.trace.agents, other.trace.agents, strict=True):
            assert first.actions is not None
            assert second.actions is not None
            # Rounding differs in the last digits, and what agents see differs with it from then on.
            np.testing.assert_allclose(second.actions, first.actions, atol=1e-3)
            assert first.ending == second.ending


def changed(onnx_folder: Path, folder: Path, **sections: Any) -> Path:
    """A copy of the policies with another schema of the walker."""
    copy = shutil.copytree(onnx_folder, folder / "onnx")
    schema = copy / "walker.schema.json"
    document = json.loads(schema.read_text())
    for section, values in sections.items():
        document[section] = {**document[section], **values} if isinstance(values, dict) else values
    schema.write_text(json.dumps(document))
    return copy


def refused(folder: Path, config: RunConfig) -> str:
    """What the game itself says of a policy."""
    file = folder / "walker.onnx"
    launch = GameLaunch(project=config.game.project, scene=config.game.scene, in_game={"walker": file})
    with pytest.raises(ContractError) as raised, open_game(launch):
        pass
    return str(raised.value)


def test_a_policy_of_another_agent_is_refused_with_both_sides_named(
    onnx_folder: Path, config: RunConfig, tmp_path: Path
) -> None:
    layout = json.loads((onnx_folder / "walker.schema.json").read_text())["layout"]
    layout["fields"][0]["size"] += 1
    layout["actions"].append({"name": "fly", "kind": "discrete", "size": 2})

    said = refused(changed(onnx_folder, tmp_path, layout=layout), config)

    first = layout["fields"][0]
    assert (
        f"field 1: the policy has {first['name']} {first['size']}, the game {first['name']} {first['size'] - 1}" in said
    )
    assert "the policy has fly discrete 2, the game none" in said


def test_another_time_between_decisions_is_refused(onnx_folder: Path, config: RunConfig, tmp_path: Path) -> None:
    said = refused(changed(onnx_folder, tmp_path, origin={"action_repeat": 9}), config)

    assert "a decision: the policy has 9 ticks at 90 a second, the game 6 at 90" in said


def test_other_ticks_with_decisions_of_the_same_length_are_played(
    onnx_folder: Path, config: RunConfig, tmp_path: Path
) -> None:
    same = changed(onnx_folder, tmp_path, origin={"action_repeat": 2, "physics_hz": 30})

    assert evaluate_player(str(same), config, PLAYED, in_game=True).report.episodes == 2


@pytest.mark.parametrize("file", ["walker.onnx", "walker.schema.json"])
def test_a_missing_file_is_named(file: str, onnx_folder: Path, config: RunConfig, tmp_path: Path) -> None:
    copy = changed(onnx_folder, tmp_path)
    (copy / file).write_bytes(b"")

    assert f"{file}: it is empty" in refused(copy, config)


def test_only_trained_policies_play_in_the_game(onnx_folder: Path, config: RunConfig) -> None:
    with pytest.raises(UsageError, match="eval heuristic --in-game: expected a trained policy alone"):
        evaluate_player("heuristic", config, PLAYED, in_game=True)
    with pytest.raises(ContractError, match="leave out --stochastic"):
        evaluate_player(str(onnx_folder), config, [*PLAYED, "evaluation.stochastic=true"], in_game=True)
