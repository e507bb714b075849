"""What is kept for learning again: sums over the next steps, and the latest steps only."""

from __future__ import annotations

import numpy as np
from ray.rllib.core.columns import Columns
from support.played import make_episode, make_episodes

from spacetime_rl.learning.batches.replay_buffer import N_STEP, Replay, make_transitions


def test_a_step_is_followed_by_what_was_seen_after_it() -> None:
    transitions = make_transitions(make_episodes([3, 1, 2]), gamma=0.9, n_step=1)

    assert transitions[Columns.OBS][:, 0].tolist() == [100, 101, 102, 200, 300, 301]
    assert transitions[Columns.NEXT_OBS][:, 0].tolist() == [101, 102, 103, 201, 301, 302]
    assert transitions[Columns.REWARDS].tolist() == [100, 101, 102, 200, 300, 301]
    assert transitions[Columns.TERMINATEDS].tolist() == [False, False, True, False, False, True]
    assert transitions[N_STEP].tolist() == [1] * 6


def test_rewards_of_several_steps_are_discounted_and_end_with_the_episode() -> None:
    transitions = make_transitions([make_episode(1, 4, terminated=True), make_episode(2, 2)], gamma=0.5, n_step=3)

    assert transitions[N_STEP].tolist() == [3, 3, 2, 1, 2, 1]
    assert transitions[Columns.NEXT_OBS][:, 0].tolist() == [103, 104, 104, 104, 202, 202]
    assert transitions[Columns.TERMINATEDS].tolist() == [False, True, True, True, False, False]
    np.testing.assert_allclose(
        transitions[Columns.REWARDS],
        [100 + 50.5 + 25.5, 101 + 51 + 25.75, 102 + 51.5, 103, 200 + 100.5, 201],
    )


def test_the_oldest_steps_make_room_for_new_ones() -> None:
    replay = Replay(5, np.random.default_rng(0))
    for number in (1, 2, 3):
        replay.add(make_transitions([make_episode(number, 3)], 0.9, 1))

    assert len(replay) == 5
    kept = {float(row) for row in replay.sample(500)[Columns.OBS][:, 0]}
    assert kept == {201, 202, 300, 301, 302}


def test_of_more_steps_than_there_is_room_for_the_last_are_kept() -> None:
    replay = Replay(4, np.random.default_rng(0))
    replay.add(make_transitions([make_episode(1, 3)], 0.9, 1))
    replay.add(make_transitions([make_episode(2, 11)], 0.9, 1))

    sample = replay.sample(400)
    assert {float(row) for row in sample[Columns.OBS][:, 0]} == {207, 208, 209, 210}
    np.testing.assert_array_equal(sample[Columns.NEXT_OBS], sample[Columns.OBS] + 1)
