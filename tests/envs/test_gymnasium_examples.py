"""The examples of the page on Gymnasium train a game, at a small size."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.examples import run_example


@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(
    "algorithm",
    ["PPO", *(pytest.param(name, marks=pytest.mark.slow) for name in ("DQN", "SAC", "TD3"))],  # slow: torch each time
)
def test_stable_baselines3_trains_saves_and_is_evaluated(algorithm: str, tmp_path: Path) -> None:
    game = (algorithm, "motorcycle_2d", "--params", '{"track_m": 20.0, "time_limit_s": 4.0}')

    run_example(tmp_path, "sb3_train.py", *game, "--timesteps", "192", "--save", "model")
    out = run_example(tmp_path, "sb3_evaluate.py", *game, "--model", "model", "--episodes", "2")

    assert (tmp_path / "model.zip").stat().st_size > 10_000
    assert out.startswith(f"{algorithm}: return ")
    assert out.endswith("in 2 episodes\n")


@pytest.mark.slow  # torch twice, and a process for each of two games
@pytest.mark.usefixtures("godot_bin")
def test_stable_baselines3_trains_on_the_discrete_motorcycle_with_several_games(tmp_path: Path) -> None:
    game = ("DQN", "motorcycle_2d", "--params", '{"track_m": 20.0, "actions": "discrete"}')

    run_example(tmp_path, "sb3_train.py", *game, "--timesteps", "400", "--games", "2")
    out = run_example(tmp_path, "sb3_evaluate.py", *game, "--episodes", "1")

    assert out.startswith("DQN: return ")


@pytest.mark.slow  # torch twice
@pytest.mark.usefixtures("godot_bin")
@pytest.mark.parametrize(("algorithm", "params"), [("SAC", "{}"), ("DQN", '{"discrete": true}')])
def test_stable_baselines3_trains_and_evaluates_parking(algorithm: str, params: str, tmp_path: Path) -> None:
    game = (algorithm, "parking_3d", "--params", params)

    run_example(tmp_path, "sb3_train.py", *game, "--timesteps", "200")
    out = run_example(tmp_path, "sb3_evaluate.py", *game, "--episodes", "1")

    assert out.startswith(f"{algorithm}: return ")


@pytest.mark.usefixtures("godot_bin")
def test_one_file_learns_without_a_library_of_algorithms(tmp_path: Path) -> None:
    out = run_example(tmp_path, "one_file_ppo.py", "vr_navigation", "--timesteps", "1200", "--steps", "600")

    assert out.splitlines()[-1].startswith("1200 steps")
