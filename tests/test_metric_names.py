"""The public names of metrics, and what a result says by them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from spacetime_rl import metrics


def test_odd_names_are_made_valid() -> None:
    assert metrics.valid_name("policy/a b/réussite(%)") == "policy/a b/r_ussite___"
    assert metrics.valid_name("/x//y/../z") == "x/z"
    assert len(metrics.valid_name("k" * 900)) == 250


def test_public_metrics_keeps_public_names_and_only_finite_numbers() -> None:
    result = {
        "agent_steps": 100,
        "policy/giver/return_mean": np.float32(1.5),
        "policy/giver/kl": math.nan,
        "perf/agent_steps_per_s": math.inf,
        "policy/giver/note": "text",
        "done": True,
        "env_runners": {"num_env_steps_sampled": 4},
    }
    assert metrics.public_metrics(result) == {
        "agent_steps": 100.0,
        "policy/giver/return_mean": 1.5,
    }


def test_the_step_is_the_agent_steps_or_else_the_iteration() -> None:
    assert metrics.Result({"agent_steps": 8192, "training_iteration": 1}).step == 8192
    assert metrics.Result({"training_iteration": 3}).step == 3


def test_mlflow_gets_what_all_policies_do_first_and_the_machine_last() -> None:
    one = {"scenario/success_rate": 0.5, "scenario/comfort": 2.0, "policy/p/comfort": 2.0, "health/restarts": 1.0}
    two = one | {"policy/q/comfort": 2.0}

    assert metrics.recorded_metrics(one) == {"all/success_rate": 0.5, "policy/p/comfort": 2.0, "system/restarts": 1.0}
    assert metrics.recorded_metrics(two)["all/comfort"] == 2.0


def test_every_figure_that_learners_report_has_one_public_name() -> None:
    reported = {metric.theirs[0]: float(number) for number, metric in enumerate(metrics.LEARNER)}

    named = dict(metrics.learner_metrics({"giver": {**reported, "total_loss": 3.0, "kl_note": "text"}}))

    assert named == {
        metrics.of_policy("giver", metric.name): float(number) for number, metric in enumerate(metrics.LEARNER)
    }


def test_impalas_mean_loss_is_reported_rather_than_its_sum() -> None:
    assert dict(metrics.learner_metrics({"giver": {"vf_loss": 640.0, "mean_vf_loss": 1.25}})) == {
        "policy/giver/value_loss": 1.25
    }


def test_a_result_says_what_it_is_of() -> None:
    result = metrics.Result(
        {
            "agent_steps": 10,
            "policy/taker/return_mean": 1.0,
            "policy/giver/return_mean": math.nan,
            "policy/giver/reward/handover": 2.0,
            "task/near/success_rate": 0.5,
            "task/near/return_mean": 3.0,
            "curriculum/lesson": 1,
            "lesson": "far",
            "perf/share_game": 0.25,
        }
    )
    assert result.policies == ("giver", "taker")
    assert result.tasks == {"near": 0.5}
    assert result.lesson == "far"
    assert result.shares == {"game": 0.25}
    assert result.reward_terms("giver") == {"handover": 2.0}
    assert result.figure("policy/giver/return_mean") is None


@pytest.mark.parametrize("name", ["scenario/success_rate", "task/near/success_rate", "curriculum/far/success_rate"])
def test_a_success_rate_is_known_by_its_name(name: str) -> None:
    assert metrics.is_success(name)
    assert not metrics.is_success("policy/giver/return_mean")


def test_the_guide_lists_what_learners_report() -> None:
    page = Path(__file__).parents[1] / "docs" / "training.md"

    assert metrics.learner_table() in page.read_text(encoding="utf-8"), (
        f"put this into the table of {page.name}, in place of the rows about learners:\n{metrics.learner_table()}"
    )
