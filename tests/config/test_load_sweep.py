"""Sweeps as files: what is searched, and every mistake told before anything starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacetime_rl.config.loader import load
from spacetime_rl.config.packaged import sweep_names
from spacetime_rl.config.search_space import Domain, DomainError, parse_domain
from spacetime_rl.config.sweep import AshaConfig, lay
from spacetime_rl.config.sweep_loader import load_sweep
from spacetime_rl.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    file = folder / "search.yaml"
    file.write_text(f"extends: vr_interaction\n{text}")
    return file


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_sweep(write(folder, text))
    return list(caught.value.problems)


def only_problem(folder: Path, text: str) -> str:
    (problem,) = problems(folder, text)
    return problem


@pytest.mark.parametrize("name", sweep_names())
def test_every_packaged_sweep_is_valid_at_all_ends_of_its_space(name: str) -> None:
    sweep = load_sweep(name)

    first, last = (
        sweep.candidate({path: list(domain.probes())[end] for path, domain in sweep.space.items()}) for end in (0, -1)
    )
    assert first != last


def test_both_forms_search_any_setting(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        "training: {lr: {tune: loguniform, args: [1.0e-4, 1.0e-3]}}\n"
        "curriculum:\n  - {lesson: near, params: {max_speed: {tune: choice, args: [1.0, 1.5]}}}\n"
        "sweep:\n  space:\n    policies.giver.model.hiddens: {choice: [[32, 32], [64]]}\n"
        "    scenario.params.release_s: {uniform: [0.1, 0.2]}\n"
        "  scheduler: {type: asha}\n",
    )

    sweep = load_sweep(file, ["sweep.num_samples=3"])
    found = sweep.candidate(
        {
            ("training", "lr"): 2e-4,
            ("curriculum", "0", "params", "max_speed"): 1.5,
            ("policies", "giver", "model", "hiddens"): [64],
        }
    )

    assert {".".join(path): domain.kind for path, domain in sweep.space.items()} == {
        "training.lr": "loguniform",
        "curriculum.0.params.max_speed": "choice",
        "policies.giver.model.hiddens": "choice",
        "scenario.params.release_s": "uniform",
    }
    assert sweep.settings.num_samples == 3
    assert isinstance(sweep.settings.scheduler, AshaConfig)
    assert found.training.lr == 2e-4
    assert found.policy_model("giver").hiddens == (64,)
    assert found.policy_model("taker").hiddens == sweep.base.model.hiddens
    assert found.model_dump()["curriculum"][0]["params"] == {"max_speed": 1.5}


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "training:\n  lr: {tune: loguniformm, args: [1.0e-5, 1.0e-3]}\n"
        "sweep:\n  num_sampels: 3\n  space:\n"
        "    training.gama: {uniform: [0.9, 0.99]}\n"
        "    training.minibatch_size: {choice: [128, 999999]}\n",
    )

    assert [problem.split(": ", 1)[0].removeprefix(str(tmp_path)) for problem in found] == [
        "/search.yaml:5",
        "/search.yaml:3",
        "/search.yaml:7",
        "/search.yaml:8",
    ]
    assert any("did you mean 'num_samples'?" in problem for problem in found)
    assert any("did you mean 'loguniform'?" in problem for problem in found)
    assert any("training.gama" in problem and "did you mean 'gamma'?" in problem for problem in found)
    assert any("999999, which may be drawn: 999999 is more than training.train_batch_size" in p for p in found)


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ("{searcher: optuna, space: {training.lr: {grid_search: [1.0e-3]}}}", ["no grid", "choice"]),
        ("{space: {imitation.successes_only: {choice: [false]}}}", ["successes_only", "the same for all trials"]),
        ("{searcher: grid, space: {training.lr: {loguniform: [1.0e-4, 1.0e-3]}}}", ["grid_search", "training.lr"]),
        (
            "{scheduler: {type: pbt}, searcher: optuna, space: {training.lr: {loguniform: [1.0e-4, 1.0e-3]}}}",
            ["random"],
        ),
        ("{scheduler: {type: pbt}, space: {model.hiddens: {choice: [[8], [9]]}}}", ["same networks", "fifo or asha"]),
        ("{scheduler: {type: pb2}, space: {training.lr: {choice: [1.0e-3]}}}", ["range", "pbt"]),
        ("{seeds_per_trial: 3, scheduler: {type: asha}, space: {training.lr: {uniform: [1.0e-4, 1.0e-3]}}}", ["fifo"]),
        ("{metric: sucess, space: {training.lr: {uniform: [1.0e-4, 1.0e-3]}}}", ["sucess", "scenario/"]),
        (
            "{metric: evaluation/success_rate, space: {training.lr: {uniform: [1.0e-4, 1.0e-3]}}}",
            ["before their last evaluation", "--best"],
        ),
        (
            "{objectives: [{metric: scenario/a}, {metric: task/b}], space: {seed: {choice: [1, 2]}}}",
            ["optuna"],
        ),
        ("{}", ["no setting is searched", "loguniform"]),
    ],
)
def test_contradictions_come_with_their_remedy(tmp_path: Path, sweep: str, words: list[str]) -> None:
    problem = only_problem(tmp_path, f"checkpoint: {{keep: 4}}\nsweep: {sweep}\n")

    assert all(word in problem for word in words), problem


def test_a_population_needs_checkpoints_to_copy(tmp_path: Path) -> None:
    space = "space: {training.lr: {loguniform: [1.0e-4, 1.0e-3]}}"
    problem = only_problem(tmp_path, f"checkpoint: {{keep: 2}}\nsweep: {{scheduler: {{type: pbt}}, {space}}}\n")

    assert "checkpoint.keep: pbt copies trials from checkpoints; keep at least 4" in problem


def test_a_run_is_not_a_sweep_nor_a_sweep_a_run() -> None:
    with pytest.raises(ConfigError, match="spacetime-rl train"):
        load_sweep("vr_interaction")
    with pytest.raises(ConfigError, match="spacetime-rl sweep"):
        load("sweeps/interaction_asha")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (3, "expected a distribution"),
        ({"loguniform": [0, 1]}, "above 0"),
        ({"uniform": [2, 1]}, "lower number first"),
        ({"uniform": [1]}, "2 numbers"),
        ({"randint": [1.5, 3]}, "whole numbers"),
        ({"choice": []}, "expected a list"),
        ({"tune": "uniform", "arg": [0, 1]}, "unknown key 'arg'"),
        ({"unifrom": [0, 1]}, "did you mean 'uniform'?"),
    ],
)
def test_what_cannot_be_drawn_is_told(value: Any, word: str) -> None:
    with pytest.raises(DomainError, match=word.replace("?", r"\?")):
        parse_domain(value)


def test_a_domain_tells_its_ends_and_a_value_between() -> None:
    assert list(Domain("randint", (2, 5)).probes()) == [2, 4]
    assert list(Domain("quniform", (0.0, 1.0, 0.25)).probes()) == [0.0, 1.0, 0.25]
    assert list(Domain("uniform", (1, 5)).probes()) == pytest.approx([1, 5, 2.0], abs=1e-6)


def test_a_changed_value_is_put_back_inside_its_range_and_on_its_steps() -> None:
    assert Domain("quniform", (32, 256, 32)).nearest(76.8) == 64
    assert Domain("randint", (1, 5)).nearest(7) == 4
    assert Domain("uniform", (0.9, 0.999)).nearest(1.2) == 0.999


def test_values_are_laid_into_lists_and_sections_that_are_not_there() -> None:
    assert lay({"a": [{"b": 1}, {"b": 2}]}, ("a", "1", "b"), 3) == {"a": [{"b": 1}, {"b": 3}]}
    assert lay({}, ("a", "b"), 1) == {"a": {"b": 1}}
