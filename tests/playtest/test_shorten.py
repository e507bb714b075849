"""How recordings become shorter, with toy games in place of a game: an agent that walks along a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from spacetime_rl.playtest.play import Actions
from spacetime_rl.playtest.shorten import Shows, shorten


def actions_of(*numbers: float) -> list[Actions]:
    return [[np.array([[number]], np.float32)] for number in numbers]


def numbers_of(actions: Sequence[Actions]) -> list[float]:
    return [float(decision[0][0, 0]) for decision in actions]


class Toy:
    """A game that shows its bug after the decision at which `seen` is true of all numbers until then."""

    def __init__(self, seen: Callable[[list[float]], bool]) -> None:
        self._seen = seen
        self.tried: list[list[float]] = []

    def __call__(self, actions: Sequence[Actions]) -> int | None:
        numbers = numbers_of(actions)
        self.tried.append(numbers)
        return next((count for count in range(1, len(numbers) + 1) if self._seen(numbers[:count])), None)


def noise(count: int, drift: float = 0.0) -> list[Actions]:
    numbers = np.random.default_rng(7).uniform(-1.0, 1.0, count) + drift
    return actions_of(*np.clip(numbers, -1.0, 1.0))


def test_what_is_not_needed_is_left_out() -> None:
    toy = Toy(lambda numbers: 7.0 in numbers and 3.0 in numbers[: numbers.index(7.0)])
    assert numbers_of(shorten(actions_of(*range(1, 65)), toy, replays=40)) == [3.0, 7.0]


def test_what_need_not_be_done_is_replaced_by_nothing() -> None:
    toy = Toy(lambda numbers: len(numbers) == 8 and numbers[-1] == 9.0)
    shortest = numbers_of(shorten(actions_of(*[5.0] * 7, 9.0), toy, replays=40))
    assert shortest == [0.0] * 7 + [9.0]


def test_what_comes_after_the_finding_was_shown_is_cut_off_without_a_try() -> None:
    toy = Toy(lambda numbers: len(numbers) >= 3)
    assert len(shorten(noise(1000), toy, replays=1)) == 3
    assert len(toy.tried) == 1  # to do nothing


def test_a_way_that_leads_to_and_fro_becomes_a_straight_one() -> None:
    recording = noise(400, drift=0.05)
    way = np.cumsum(numbers_of(recording))
    far = float(way.max()) - 0.5
    toy = Toy(lambda numbers: sum(numbers) >= far)
    shortest = shorten(recording, toy, replays=40)
    assert len(shortest) <= far + 1.0  # it goes one at a decision at most
    assert max(numbers_of(shortest)) <= 1.0


def test_a_control_is_held_where_that_leads_there_sooner() -> None:
    def shows(actions: Sequence[Actions]) -> int | None:
        """A craft comes down faster and faster as long as its engine does not run."""
        speed = np.cumsum([0.1 * decision[0][0, 1] + 0.01 for decision in actions])
        down = np.flatnonzero(np.cumsum(speed) >= 10.0)
        return int(down[0]) + 1 if down.size else None

    recording = [[np.array([[0.5, 0.001]], np.float32)]] * 45
    assert shows(recording) is not None
    shortest = shorten(recording, shows, replays=40)
    assert len(shortest) == 13  # 0.11 in the first, 0.22 in the second, and so on
    assert {float(decision[0][0, 0]) for decision in shortest} == {0.0}


def test_choices_are_not_added_up() -> None:
    def decide(move: float, choice: float) -> Actions:
        return [np.array([[move, choice]], np.float32)]

    def shows(actions: Sequence[Actions]) -> int | None:
        values = {float(decision[0][0, 1]) for decision in actions}
        assert values <= {0.0, 2.0}
        where = np.cumsum([decision[0][0, 0] if decision[0][0, 1] == 2.0 else 0.0 for decision in actions])
        there = np.flatnonzero(where >= 3.0)
        return int(there[0]) + 1 if there.size else None

    shortest = shorten([decide(0.25, 2.0)] * 40, shows, replays=40)
    assert len(shortest) == 3


def test_the_last_choice_is_kept_where_decisions_become_fewer() -> None:
    rng = np.random.default_rng(3)
    moves, choices = rng.uniform(-0.2, 1.0, 60), rng.integers(0, 3, 60)
    recording = [[np.array([[move, choice]], np.float32)] for move, choice in zip(moves, choices, strict=True)]

    def shows(actions: Sequence[Actions]) -> int | None:
        rows = np.array([decision[0][0] for decision in actions])
        pressed = np.flatnonzero((np.cumsum(rows[:, 0]) >= 10.0) & (np.diff(rows[:, 1], prepend=0.0) == 2.0))
        return int(pressed[0]) + 1 if pressed.size else None

    shown = shows(recording)
    assert shown is not None
    assert len(shorten(recording[:shown], shows, replays=40)) <= 12


@pytest.mark.parametrize("at_showing", [0.0, 2.0])
def test_all_tries_take_no_more_work_than_they_may_and_nothing_is_tried_twice(at_showing: float) -> None:
    recording = noise(64, drift=0.1)
    toy = Toy(lambda numbers: sum(numbers) >= 5.0)
    assert toy(recording) is not None
    toy.tried.clear()
    shows: Shows = toy
    shorten(recording, shows, replays=5, at_showing=at_showing)
    counted = sum(max(8, len(numbers), 64 * at_showing if sum(numbers) >= 5.0 else 0) for numbers in toy.tried[:-1])
    assert counted < 5 * 64
    assert len({tuple(numbers) for numbers in toy.tried}) == len(toy.tried)


def test_what_cannot_be_shortened_stays_as_it_is() -> None:
    toy = Toy(lambda numbers: numbers == [1.0, 2.0, 3.0, 4.0])
    assert numbers_of(shorten(actions_of(1.0, 2.0, 3.0, 4.0), toy, replays=5)) == [1.0, 2.0, 3.0, 4.0]
    assert len(toy.tried) >= 5
