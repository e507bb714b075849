"""What a run's figures suggest."""

from __future__ import annotations

from typing import Any

from spacetime_rl.config import RunConfig
from spacetime_rl.evaluation.learned import Learned
from spacetime_rl.reports.advice import advise

FAILED = Learned(False, "no better than the random policy")
CONFIG = RunConfig.model_validate({"name": "mine", "scenario": {"name": "touch"}})


def progress(returns: list[float], **last: Any) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = [
        {
            "agent_steps": 1000 * (i + 1),
            "episodes": 10 * (i + 1),
            "policy/walker/return_mean": value,
            "policy/walker/length_mean": 9.0,
        }
        for i, value in enumerate(returns)
    ]
    results[-1] |= last
    return results


def test_a_return_that_still_rises_suggests_more_steps() -> None:
    assert any("still rising" in s for s in advise(progress([float(i) for i in range(12)]), CONFIG, FAILED))


def test_a_return_that_never_moves_suggests_a_look_at_the_game() -> None:
    flat = [1.0, 1.2, 0.9, 1.1] * 3
    assert any("did not move" in s and "inspect" in s for s in advise(progress(flat), CONFIG, FAILED))


def test_an_entropy_that_collapsed_is_named_with_its_setting() -> None:
    results = progress([1.0] * 12)
    for i, result in enumerate(results):
        result["policy/walker/entropy"] = 1.0 / (i + 1) ** 2
    assert any("training.entropy_coeff" in s for s in advise(results, CONFIG, FAILED))


def test_fewer_steps_than_the_packaged_configuration_are_named() -> None:
    config = RunConfig.model_validate({"name": "vr_navigation", "scenario": {"name": "vr_navigation"}})
    assert any("vr_navigation as it comes trains for" in s for s in advise(progress([1.0] * 9), config, FAILED))


def test_what_limits_the_speed_is_named() -> None:
    results = progress([1.0] * 9, **{"perf/share_game": 0.9})
    assert any(s.startswith("what limits the speed is the game: 90%") for s in advise(results, CONFIG, FAILED))


def test_episodes_of_one_decision_are_named_even_where_the_policies_learned() -> None:
    results = progress([1.0] * 6)
    for result in results:
        result["policy/walker/length_mean"] = 1.0
    found = advise(results, CONFIG, Learned(True, "better"))
    assert len(found) == 1
    assert "every episode of walker was one decision long" in found[0]


def test_a_run_that_ended_no_episode_is_named() -> None:
    found = advise([{"agent_steps": 5000.0, "episodes": 0.0}], CONFIG, Learned(None, "not evaluated"))
    assert found == [
        "no episode ended in 5,000 agent steps: there was no return to learn from; train longer, or shorten episodes "
        "(game.episode_steps)"
    ]


def test_a_good_run_gets_no_advice() -> None:
    assert advise(progress([float(i) for i in range(12)]), CONFIG, Learned(True, "better")) == []
    assert advise([], CONFIG, FAILED) == []


def test_training_without_games_is_advised_by_the_demonstrations_that_were_held_out() -> None:
    config = RunConfig.model_validate({"scenario": {"name": "touch"}, "imitation": {"from": "shown", "offline": True}})
    losses = [2.0, 1.0, 0.5, 0.7, 0.9]
    results = [
        {"agent_steps": 1000 * (i + 1), "episodes": 0, "policy/walker/imitation_validation_loss": loss}
        for i, loss in enumerate(losses)
    ]

    assert advise(results[:3], config, FAILED) == []
    (advice,) = advise(results, config, FAILED)
    assert "walker imitated demonstrations that it had not seen best after 3,000 agent steps" in advice
    assert "stop.agent_steps=3000" in advice
