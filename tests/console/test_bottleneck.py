"""What limits a run, in words."""

from __future__ import annotations

import pytest

from spacetime_rl.console.bottleneck import bottleneck
from spacetime_rl.metrics import PARTS

EVEN = {"game": 0.2, "wire": 0.2, "forward": 0.2, "learner": 0.2}


@pytest.mark.parametrize("part", PARTS)
def test_the_part_with_the_largest_share_limits(part: str) -> None:
    verdict = bottleneck({**EVEN, part: 0.4})

    assert verdict.part == part
    assert verdict.share == pytest.approx(0.4)
    assert ": 40% of the time; " in verdict.sentence


def test_a_game_that_limits_is_not_helped_by_more_arenas() -> None:
    sentence = bottleneck({"game": 0.83, "wire": 0.03, "forward": 0.06, "learner": 0.05}).sentence

    assert sentence.startswith("the game: 83% of the time; more arenas would not help")


def test_free_cores_are_the_first_advice_where_playing_limits() -> None:
    assert "more runners would use the 6 cores that are free" in bottleneck({"game": 0.8}, spare_cores=6).sentence
    assert "the core that is free" in bottleneck({"game": 0.8}, spare_cores=1).sentence
    assert "cores" not in bottleneck({"learner": 0.8}, spare_cores=6).sentence


def test_time_that_no_part_accounts_for_is_told() -> None:
    verdict = bottleneck({"game": 0.2})

    assert (verdict.part, verdict.share) == ("rest", 0.8)
    assert verdict.sentence.startswith("none of game, wire, forward, learner: 80% of the time is spent elsewhere; ")
    assert bottleneck({}).part == "rest"


def test_parts_that_overlap_keep_their_shares() -> None:
    verdict = bottleneck({"game": 0.7, "forward": 0.4, "learner": 0.5})

    assert verdict.to_dict() == {"part": "game", "share": 0.7, "sentence": verdict.sentence, "also": None}


def test_two_parts_with_about_the_same_share_limit_together() -> None:
    verdict = bottleneck({"game": 0.41, "forward": 0.1, "learner": 0.36})

    assert (verdict.part, verdict.also) == ("game", "learner")
    assert verdict.sentence.startswith("the game (41%) and the learner (36%) take about as much of the time")
    assert bottleneck({"game": 1.2}).share == 1.0
