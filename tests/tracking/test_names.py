"""What is recorded under which name."""

from __future__ import annotations

import math

import numpy as np

from spacetime_rl.tracking import names


def test_nested_settings_become_dotted_parameters_and_nothing_is_recorded_for_none() -> None:
    flat = names.flatten({"training": {"lr": 3e-4, "grad_clip": None}, "model": {"hiddens": [64, 64], "lstm": None}})
    assert flat == {"training.lr": "0.0003", "model.hiddens": "[64, 64]"}


def test_a_long_value_is_cut_to_what_mlflow_takes() -> None:
    text = names.flatten({"params": "x" * 10_000})["params"]
    assert len(text) == 6000
    assert text.endswith("…")


def test_odd_names_are_made_valid() -> None:
    assert names.valid_key("policy/a b/réussite(%)") == "policy/a b/r_ussite___"
    assert names.valid_key("/x//y/../z") == "x/z"
    assert len(names.valid_key("k" * 900)) == 250


def test_public_metrics_keeps_public_names_and_the_learners_rate_and_only_finite_numbers() -> None:
    result = {
        "agent_steps": 100,
        "policy/giver/return_mean": np.float32(1.5),
        "policy/giver/kl": math.nan,
        "perf/agent_steps_per_s": math.inf,
        "policy/giver/note": "text",
        "done": True,
        "env_runners": {"num_env_steps_sampled": 4},
        "learners": {"giver": {"default_optimizer_learning_rate": 1e-3, "total_loss": 2.0}, "__all_modules__": 3},
    }
    assert names.public_metrics(result) == {
        "agent_steps": 100.0,
        "policy/giver/return_mean": 1.5,
        "policy/giver/lr": 1e-3,
    }


def test_the_step_is_the_agent_steps_or_else_the_iteration() -> None:
    assert names.step_of({"agent_steps": 8192, "training_iteration": 1}) == 8192
    assert names.step_of({"training_iteration": 3}) == 3


def test_a_registered_model_is_named_after_experiment_and_policy() -> None:
    assert names.registered_name("vr/demo", "giver") == "vr_demo.giver"


def test_mlflow_gets_what_all_policies_do_first_and_the_machine_last() -> None:
    one = {"scenario/success_rate": 0.5, "scenario/comfort": 2.0, "policy/p/comfort": 2.0, "health/restarts": 1.0}
    two = one | {"policy/q/comfort": 2.0}

    assert names.recorded_metrics(one) == {"all/success_rate": 0.5, "policy/p/comfort": 2.0, "system/restarts": 1.0}
    assert names.recorded_metrics(two)["all/comfort"] == 2.0
