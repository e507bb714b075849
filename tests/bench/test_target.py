"""What a user may name to be measured, and how many agents it gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.bench.target import plan_target, with_agents, with_games
from spacetime_rl.config import RunConfig
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.target import load_target

ROOT = Path(__file__).parents[2]


def test_a_scenario_a_configuration_a_file_and_a_project_are_targets(tmp_path: Path) -> None:
    game = tmp_path / "game.x86_64"
    game.touch()
    yaml = tmp_path / "own.yaml"
    yaml.write_text("scenario: {name: bench}\n")
    project = ROOT / "tests" / "fixtures" / "stock_game"

    assert load_target("bench", ()).scenario.name == "bench"
    assert load_target("vr_interaction_gather", ()).scenario.params["objective"] == "gather"
    assert load_target(str(yaml), ["game.arenas=3"]).game.arenas == 3
    assert load_target(str(game), ()).game.env_path == game
    assert load_target(str(project), ()).game.project == project


def test_an_unknown_target_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"vr_interacton: no scenario, .*did you mean 'vr_interaction'"):
        load_target("vr_interacton", ())


def test_agents_of_the_bench_scenario_are_players_in_one_arena() -> None:
    config = with_agents(load_target("bench", ["game.arenas=4"]), 17)

    assert config.scenario.params["players"] == 17
    assert config.game.arenas == 1


def test_agents_of_other_scenarios_are_arenas_rounded_up(godot_bin: Path) -> None:
    config = with_agents(load_target("vr_interaction", ()), 9)

    assert config.game.arenas == 3
    assert plan_target(config).spec.num_agents == 12


def test_a_stock_game_keeps_its_agents(godot_bin: Path) -> None:
    config = load_target(str(ROOT / "tests" / "fixtures" / "stock_game"), ())

    with pytest.raises(UsageError, match="is a stock game; it decides itself how many agents it has"):
        with_agents(config, 9)


def test_fragments_are_short_where_there_are_many_agents() -> None:
    config: RunConfig = load_target("bench", ())

    assert with_games(config, 4, agents=1).rollout.fragment_length == 256
    assert with_games(config, 4, agents=128).rollout.fragment_length == 16
    assert with_games(config, 4, agents=8).rollout.games_per_runner == 4
