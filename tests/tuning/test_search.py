"""A sweep as Tune's objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ray.tune.schedulers import ASHAScheduler, FIFOScheduler, PopulationBasedTraining
from ray.tune.schedulers.pb2 import PB2
from ray.tune.search import Repeater
from ray.tune.search.repeater import TRIAL_INDEX

from spacetime_rl.config.search_space import Domain, parse_domain
from spacetime_rl.config.sweep import SweepConfig
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.tuning.search import (
    SEED,
    Budget,
    candidate_values,
    choose_concurrent,
    make_scheduler,
    make_searcher,
    make_space,
    to_tune,
)

LR = "training.lr: {loguniform: [1.0e-4, 1.0e-3]}"


def read(folder: Path, search: str, space: str = LR) -> SweepConfig:
    file = folder / "search.yaml"
    file.write_text(
        f"extends: vr_interaction\nseed: 5\ncheckpoint: {{keep: 4}}\nsweep: {{{search}space: {{{space}}}}}\n"
    )
    return load_sweep(file)


@pytest.mark.parametrize(
    "written",
    [
        {"uniform": [0.0, 1.0]},
        {"loguniform": [1e-5, 1e-3]},
        {"quniform": [0.0, 1.0, 0.25]},
        {"qloguniform": [0.01, 1.0, 0.01]},
        {"randint": [2, 5]},
        {"lograndint": [2, 50]},
        {"normal": [0.0, 1.0]},
        {"choice": [[64, 64], [128]]},
    ],
)
def test_every_domain_draws_what_it_says(written: dict[str, Any]) -> None:
    domain = parse_domain(written)
    drawn = [to_tune(domain).sample() for _ in range(50)]

    if domain.kind == "choice":
        assert all(value in domain.args for value in drawn)
    elif domain.is_range:
        low, high = list(domain.probes())[:2]
        assert all(low <= value <= high for value in drawn)
    assert len({str(value) for value in drawn}) > 1


def test_seeds_of_a_candidate_share_its_values(tmp_path: Path) -> None:
    space = make_space(read(tmp_path, "seeds_per_trial: 3, "))
    assert space[SEED] == {"grid_search": [5, 6, 7]}

    optuna = read(tmp_path, "seeds_per_trial: 3, searcher: optuna, ")
    assert SEED not in make_space(optuna)
    searcher = make_searcher(optuna)
    assert isinstance(searcher, Repeater)
    drawn = [searcher.suggest(f"t{i}") for i in range(4)]
    assert drawn[0]["training.lr"] == drawn[2]["training.lr"] != drawn[3]["training.lr"]
    seeds = [candidate_values(optuna, values)[SEED,] for values in drawn]
    assert seeds == [5, 6, 7, 5]
    assert TRIAL_INDEX not in {".".join(path) for path in candidate_values(optuna, drawn[0])}


def test_optuna_chooses_the_same_again(tmp_path: Path) -> None:
    sweep = read(tmp_path, "searcher: optuna, ")

    first, second = ([make_searcher(sweep).suggest(f"t{i}") for i in range(2)] for _ in range(2))

    assert first[0] == second[0]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("", FIFOScheduler),
        ("scheduler: {type: asha}, ", ASHAScheduler),
        ("scheduler: {type: pbt}, ", PopulationBasedTraining),
        ("scheduler: {type: pb2}, ", PB2),
    ],
)
def test_schedulers_count_in_agent_steps(tmp_path: Path, search: str, expected: type[Any]) -> None:
    scheduler = make_scheduler(read(tmp_path, search))

    assert isinstance(scheduler, expected)
    if search:
        assert scheduler._time_attr == "agent_steps"


def test_a_population_stays_inside_its_space(tmp_path: Path) -> None:
    space = "training.gamma: {uniform: [0.9, 0.999]}, training.num_epochs: {choice: [2, 4]}"
    scheduler = make_scheduler(read(tmp_path, "scheduler: {type: pbt}, ", space))

    found = scheduler._custom_explore_fn({"training.gamma": 1.19, "training.num_epochs": 4})

    assert found == {"training.gamma": 0.999, "training.num_epochs": 4}


def test_the_budget_is_shared_by_all_trials(tmp_path: Path) -> None:
    budget = Budget(read(tmp_path, "agent_steps: 1000, ").settings)

    assert not budget("a", {"agent_steps": 600})
    assert not budget.stop_all()
    budget("b", {"agent_steps": 500})
    assert budget.stop_all()


def test_a_population_trains_together_and_others_two_cores_each(tmp_path: Path) -> None:
    assert choose_concurrent(read(tmp_path, ""), 16.0) == 8
    assert choose_concurrent(read(tmp_path, ""), 1.0) == 1
    assert choose_concurrent(read(tmp_path, "num_samples: 3, "), 64.0) == 3
    assert choose_concurrent(read(tmp_path, "scheduler: {type: pbt}, num_samples: 4, "), 4.0) == 4
    assert choose_concurrent(read(tmp_path, "max_concurrent: 2, "), 64.0) == 2
    grid = read(tmp_path, "searcher: grid, num_samples: 1, ", "training.lr: {grid_search: [1.0e-4, 1.0e-3, 1.0e-2]}")
    assert choose_concurrent(grid, 64.0) == 3


def test_a_grid_is_tried_whole() -> None:
    assert to_tune(Domain("grid_search", (1, 2))) == {"grid_search": [1, 2]}


def test_trials_compared_by_a_success_that_the_game_never_reports_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    budget = Budget(read(tmp_path, "").settings)
    budget("1", {"episodes": 20})
    budget("1", {"episodes": 500, "scenario/success_rate": 0.1})
    assert caplog.text == ""
    budget("1", {"episodes": 500, "scenario/return_mean": 2.0})
    assert "compared by scenario/success_rate, and after 500 episodes the game has not reported" in caplog.text
    assert "such as sweep.metric: scenario/return_mean" in caplog.text
