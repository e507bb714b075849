"""Whether training taught anything, from what was evaluated."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from spacetime_rl.evaluation.learned import Learned, compare_players
from spacetime_rl.evaluation.report import AgentResult, EvalReport, summarise
from spacetime_rl.statistics.intervals import difference_interval

HARD = [50.0 - 100.0 * episode / 39.0 for episode in range(40)]  # how hard each episode is, for anybody


def report(
    player: str,
    skill: float | Mapping[str, float],
    success: Sequence[float] | None = None,
    paired: bool = True,
    policies: Any = ("walker",),
) -> EvalReport:
    noise = random.Random(player)
    results = []
    for episode, hard in enumerate(HARD):
        for policy in policies:
            own = skill if isinstance(skill, float) else skill[policy]
            metrics = {"return": hard + own + noise.gauss(0.0, 1.0), "length": 9.0}
            if success is not None:
                metrics["success"] = success[episode % len(success)]
            results.append(AgentResult(episode, f"{policy}_0", policy, metrics))
    sums = tuple(summarise(p, len(HARD), 0, [r for r in results if r.policy == p]) for p in policies)
    return EvalReport(
        player, "touch", len(HARD), 0, summarise("overall", len(HARD), 0, results), sums, 0, tuple(results),
        paired=paired,
    )  # fmt: skip


def compare(*reports: EvalReport, policies: Sequence[str] = ("walker",), adversarial: bool = False) -> Learned:
    return compare_players({report.source: report for report in reports}, policies, adversarial)


def test_a_policy_that_beats_the_random_one_on_the_same_episodes_has_learned() -> None:
    found = compare(report("trained", 2.0), report("random", 0.0))

    assert found.learned is True
    assert found.is_success
    assert found.reason.startswith("better than the random policy: walker return ")


def test_pairing_finds_what_episodes_of_different_difficulty_would_hide() -> None:
    pair = report("trained", 2.0, paired=False), report("random", 0.0, paired=False)

    assert compare(*pair).learned is False
    assert "no better than the random policy" in compare(*pair).reason


def test_a_policy_like_the_random_one_has_not_learned() -> None:
    found = compare(report("trained", 0.0), report("random", 0.0))

    assert (found.learned, found.is_success, found.below) == (False, False, None)


def test_a_policy_below_the_random_one_has_not_learned() -> None:
    found = compare(report("trained", -5.0), report("random", 0.0))

    assert (found.learned, found.below) == (False, "random")
    assert found.reason.startswith("worse than the random policy")


def test_success_counts_before_the_return_and_tells_nothing_where_nobody_ever_has_any() -> None:
    better = compare(report("trained", -5.0, [1.0]), report("random", 0.0, [0.0, 0.0, 1.0]))
    never = compare(report("trained", 2.0, [0.0]), report("random", 0.0, [0.0]))

    assert better.learned is True
    assert "success 100.0% against" in better.reason
    assert never.learned is True
    assert "return" in never.reason


def test_a_policy_below_the_scripted_player_is_not_good_yet() -> None:
    found = compare(report("trained", 2.0), report("random", 0.0), report("heuristic", 9.0))

    assert (found.learned, found.below, found.is_success) == (True, "heuristic", False)
    assert found.reason.startswith("below the scripted player: return ")


def test_of_several_policies_those_that_did_not_learn_are_named() -> None:
    both = ("giver", "taker")
    found = compare(
        report("trained", {"giver": 3.0, "taker": 0.0}, policies=both),
        report("random", {"giver": 0.0, "taker": 0.0}, policies=both),
        policies=both,
    )

    assert found.learned is True
    assert "; not better: taker return" in found.reason


def test_adversaries_that_play_against_each_other_are_not_judged() -> None:
    both = ("runner", "chaser")
    pair = report("trained", 0.0, policies=both), report("random", 0.0, policies=both)

    assert compare(*pair, policies=both, adversarial=True).learned is None
    assert compare(*pair, policies=both).learned is False


def test_what_was_not_evaluated_is_not_judged() -> None:
    nothing = EvalReport("trained", "touch", 4, 0, summarise("overall", 0, 0, []), (summarise("walker", 0, 0, []),))

    assert compare(report("trained", 1.0)).learned is None
    assert compare(nothing, report("random", 0.0)).learned is None


@pytest.mark.parametrize("paired", [True, False])
def test_the_interval_of_a_difference_is_that_of_the_textbook(paired: bool) -> None:
    from scipy import stats

    rng = random.Random(3)
    ours, theirs = ([rng.gauss(mean, 2.0) for _ in range(2000)] for mean in (1.0, 0.5))

    low, high = difference_interval(ours, theirs, paired)

    test = stats.ttest_rel(ours, theirs) if paired else stats.ttest_ind(ours, theirs, equal_var=False)
    expected = test.confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high), rel=0.02)
