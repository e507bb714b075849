"""What is recorded under which name."""

from __future__ import annotations

from spacetime_rl.tracking import names


def test_nested_settings_become_dotted_parameters_and_nothing_is_recorded_for_none() -> None:
    flat = names.flatten({"training": {"lr": 3e-4, "grad_clip": None}, "model": {"hiddens": [64, 64], "lstm": None}})
    assert flat == {"training.lr": "0.0003", "model.hiddens": "[64, 64]"}


def test_a_long_value_is_cut_to_what_mlflow_takes() -> None:
    text = names.flatten({"params": "x" * 10_000})["params"]
    assert len(text) == 6000
    assert text.endswith("…")


def test_a_registered_model_is_named_after_experiment_and_policy() -> None:
    assert names.registered_name("vr/demo", "giver") == "vr_demo.giver"
