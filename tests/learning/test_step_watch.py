"""Gradient steps that are left out are counted, and training that changes nothing ends."""

from __future__ import annotations

import pytest

from spacetime_rl.errors import NothingLearned
from spacetime_rl.learning.step_watch import PATIENCE, StepWatch


def test_steps_that_were_left_out_are_noticed_by_policy_with_the_number_of_the_update() -> None:
    watch = StepWatch()
    assert watch.after_update({"pilot": 10, "scout": 10}, {"pilot": 4, "scout": 0})[0].line == (
        "policy pilot: 4 gradient steps left out, their gradient was zero or not finite; "
        "are its rewards or observations too large?"
    )
    assert [notice.count for notice in watch.after_update({"pilot": 20, "scout": 20}, {"pilot": 10, "scout": 0})] == [6]
    assert watch.after_update({"pilot": 30, "scout": 30}, {"pilot": 10, "scout": 0}) == []


def test_updates_in_a_row_that_change_nothing_end_the_training() -> None:
    watch = StepWatch()
    for update in range(1, PATIENCE):
        watch.after_update({"pilot": 10 * update}, {"pilot": 10 * update})
    with pytest.raises(NothingLearned, match=f"in the last {PATIENCE} updates"):
        watch.after_update({"pilot": 10 * PATIENCE}, {"pilot": 10 * PATIENCE})


def test_a_step_that_is_taken_begins_the_count_anew_and_an_update_without_steps_does_not_count() -> None:
    watch = StepWatch()
    watch.resume({"pilot": 1000}, {"pilot": 1000})
    due, left_out = 1000, 1000
    for update in range(3 * PATIENCE):
        due += 1
        left_out += update % PATIENCE != 0
        watch.after_update({"pilot": due}, {"pilot": left_out})
        watch.after_update({"pilot": due}, {"pilot": left_out})
