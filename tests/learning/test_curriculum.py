"""Which lesson is played, and when the next begins: no game, no Ray, milliseconds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from spacetime_rl.errors import ResumeError
from spacetime_rl.learning.curriculum import Curriculum
from spacetime_rl.rollout.lesson import Lesson, LessonOutcome


def make_curriculum(**conditions: Any) -> Curriculum:
    near = Lesson("near", {}, **{"success_rate": 0.8, "window": 10, "agent_steps": 1000, **conditions})
    return Curriculum([near, Lesson("middle", {}, agent_steps=500), Lesson("far", {})])


def play(curriculum: Curriculum, *outcomes: tuple[int, float], lesson: int = 0, steps: int = 10) -> Curriculum:
    for episodes, successes in outcomes:
        curriculum = curriculum.after(LessonOutcome(lesson, steps, episodes, successes))
    return curriculum


def test_it_begins_with_the_first_lesson_and_no_rate() -> None:
    curriculum = make_curriculum()
    assert curriculum.metrics() == {"curriculum/lesson": 0, "lesson": "near", "lessons_left": 2}


def test_the_next_lesson_begins_when_enough_episodes_of_the_window_succeed() -> None:
    curriculum = play(make_curriculum(), (5, 3), (5, 4))
    assert (curriculum.lesson, curriculum.success_rate) == (0, 0.7)
    curriculum = play(curriculum, (5, 4))
    assert (curriculum.present.name, curriculum.success_rate, curriculum.agent_steps) == ("middle", None, 0)
    assert curriculum.metrics()["curriculum/near/success_rate"] == 0.8


def test_a_few_lucky_episodes_are_not_enough() -> None:
    assert play(make_curriculum(), (9, 9)).lesson == 0
    assert play(make_curriculum(), (9, 9), (1, 1)).lesson == 1


def test_what_lies_before_the_window_is_forgotten() -> None:
    assert play(make_curriculum(), (100, 0), (10, 8)).lesson == 1


def test_rounds_without_an_ended_episode_change_no_rate() -> None:
    curriculum = play(make_curriculum(), (5, 4), (0, 0), (0, 0))
    assert (curriculum.success_rate, curriculum.agent_steps) == (0.8, 30)


def test_the_next_lesson_begins_after_its_steps_however_it_goes() -> None:
    curriculum = play(make_curriculum(), (5, 0), steps=999)
    assert curriculum.lesson == 0
    assert play(curriculum, (0, 0), steps=1).present.name == "middle"


def test_a_lesson_without_a_rate_waits_for_its_steps() -> None:
    assert play(make_curriculum(success_rate=None), (100, 100)).lesson == 0


def test_a_lesson_without_steps_waits_for_its_rate() -> None:
    assert play(make_curriculum(agent_steps=None), (100, 0), steps=10**9).lesson == 0


def test_the_last_lesson_stays() -> None:
    curriculum = play(make_curriculum(), (10, 10))
    curriculum = play(curriculum, (1, 1), lesson=1, steps=500)
    assert curriculum.is_last
    assert play(curriculum, (1000, 1000), lesson=2, steps=10**9).present.name == "far"


def test_what_was_played_in_the_lesson_before_does_not_count_for_the_next() -> None:
    curriculum = play(make_curriculum(), (10, 10))
    assert play(curriculum, (10, 0), lesson=0, steps=10**6) == curriculum


def test_one_outcome_begins_one_lesson_at_most() -> None:
    assert play(make_curriculum(), (10, 10), steps=10**6).lesson == 1


def test_the_state_goes_through_json_and_back() -> None:
    curriculum = play(make_curriculum(), (10, 10))
    curriculum = play(curriculum, (3, 2), (4, 1), lesson=1)
    again = make_curriculum().resumed(json.loads(json.dumps(curriculum.to_dict())))
    assert again == curriculum


def test_a_lesson_that_is_gone_is_told() -> None:
    state = make_curriculum().to_dict() | {"lesson": "nearest"}
    with pytest.raises(
        ResumeError, match=r"at the lesson 'nearest', which the curriculum no longer has; .*near, middle"
    ):
        make_curriculum().resumed(state)
