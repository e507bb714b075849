"""Make the episode of a finding shorter: fewer decisions and simpler actions that still show the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import ceil

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.playtest.play import Actions

Shows = Callable[[Sequence[Actions]], int | None]
"""Plays these actions. Returns after how many decisions they showed the finding, None if they did not."""

_LEAST = 1 / 8  # of a replay of the whole recording: what a try counts for if its actions are few


def shorten(actions: Sequence[Actions], shows: Shows, replays: float, at_showing: float = 0.0) -> list[Actions]:
    """The shortest actions found for which `shows` is true, as it is for `actions`.

    All tries together take no more work than `replays` replays of `actions`: a try counts by its length, but for at
    least an eighth of a replay. One that shows the finding counts for at least `at_showing` replays, as where the game
    has to be started again after it. No actions are tried twice. What comes after the finding was shown is cut off.

    First come few strong guesses: to do nothing, only the last decisions, the same all the time, or all of it in fewer
    decisions that add up to the same. Then each number is held at 1 or -1, which may lead there sooner, and ever
    smaller parts are left out, as delta debugging does (Zeller and Hildebrandt 2002), or else replaced by fewer
    decisions that add up to the same. When nothing becomes shorter any more, parts are replaced by doing nothing.
    """
    tries = _Tries(shows, replays * len(actions), len(actions) * _LEAST, len(actions) * at_showing)
    best, controls = list(actions), _controls(actions)
    for guess in _guesses(best):
        shorter = tries(guess)
        if shorter is not None:
            best = shorter
            break
    while tries.are_left:
        before = len(best)
        best = _leave_out(_push(_quicken(best, tries), controls, tries), tries)
        if len(best) == before:
            break
    return _quieten(best, tries)


class _Tries:
    """Tries actions as long as there is work left, measured in decisions."""

    def __init__(self, shows: Shows, work: float, least: float, at_showing: float) -> None:
        self._shows = shows
        self._left = work
        self._least = least
        self._at_showing = at_showing
        self._tried: set[bytes] = set()

    @property
    def are_left(self) -> bool:
        """Whether something may still be tried."""
        return self._left > 0.0

    def __call__(self, actions: Sequence[Actions]) -> list[Actions] | None:
        """The actions up to where they showed the finding; None if they do not, or if it may not be tried."""
        what = b"|".join(array.tobytes() for decision in actions for array in decision)
        if not actions or self._left <= 0.0 or what in self._tried:
            return None
        self._tried.add(what)
        shown = self._shows(actions)
        self._left -= max(self._least, len(actions), 0.0 if shown is None else self._at_showing)
        return None if shown is None else list(actions[: max(1, shown)])


def _guesses(actions: Sequence[Actions]) -> Iterator[list[Actions]]:
    """Strong guesses, the shortest first where one includes the other."""
    yield [_nothing(decision) for decision in actions]
    for part in (16, 8, 4, 2):
        yield list(actions[-ceil(len(actions) / part) :])
    for held in (actions[0], actions[len(actions) // 2], actions[-1]):
        yield [held] * len(actions)


def _leave_out(actions: list[Actions], tries: _Tries) -> list[Actions]:
    """Leave out parts, or replace them by fewer decisions, in halves, then quarters and so on."""
    size = len(actions) // 2
    while size >= 1 and tries.are_left:
        begin = 0
        while begin < len(actions) and tries.are_left:
            before, part, after = actions[:begin], actions[begin : begin + size], actions[begin + size :]
            shorter = tries(before + after)
            if shorter is None and 1 < size < len(actions) and len(sums := _in_fewer(part)) < len(part):
                shorter = tries(before + sums + after)
                begin += len(sums)
            elif shorter is None:
                begin += size
            actions = actions if shorter is None else shorter
        size = min(size, len(actions)) // 2
    return actions


def _quicken(actions: list[Actions], tries: _Tries) -> list[Actions]:
    """Do all of it in fewer decisions: those of every part, the largest first, add up to the same."""
    size = len(actions)
    while size >= 2 and tries.are_left:
        quick = [
            decision for begin in range(0, len(actions), size) for decision in _in_fewer(actions[begin : begin + size])
        ]
        shorter = tries(quick) if len(quick) < len(actions) else None
        if shorter is not None:
            actions = shorter
        size = min(size, len(actions) + 1) // 2 if shorter is None else len(actions)
    return actions


def _controls(actions: Sequence[Actions]) -> list[tuple[int, int]]:
    """The groups and places of the numbers that are no choices."""
    stacks = [np.stack(rows) for rows in zip(*actions, strict=True)]
    return [(group, int(place)) for group, stack in enumerate(stacks) for place in np.flatnonzero(~_are_choices(stack))]


def _are_choices(stack: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which numbers of actions of shape [decisions, agents, numbers] look like choices: 0, 1, 2 and so on."""
    choices: NDArray[np.bool_] = ((stack == np.round(stack)) & (stack >= 0.0)).all(axis=(0, 1))
    return choices


def _push(actions: list[Actions], controls: Iterable[tuple[int, int]], tries: _Tries) -> list[Actions]:
    """Hold one number of all agents of a group at 1 or -1, if the finding is shown sooner so."""
    for group, number in controls:
        for value in (1.0, -1.0):
            pushed = [[rows.copy() for rows in decision] for decision in actions]
            for decision in pushed:
                decision[group][:, number] = value
            shorter = tries(pushed)
            if shorter is not None and len(shorter) < len(actions):
                actions = shorter
    return actions


def _in_fewer(actions: Sequence[Actions]) -> list[Actions]:
    """As few equal decisions as can add up to the same: each number is within -1 and 1.

    Choices are not added up: the last ones are kept, because the last decision is often the one that matters.
    """
    stacks = [np.stack(rows) for rows in zip(*actions, strict=True)]
    choices = [_are_choices(stack) for stack in stacks]
    sums = [np.where(choice, 0.0, stack.sum(axis=0)) for stack, choice in zip(stacks, choices, strict=True)]
    most = max((float(np.abs(total).max(initial=0.0)) for total in sums), default=0.0)
    count = min(len(actions), max(1, ceil(most - 1e-6)))
    return [
        [
            np.where(choice, kept, np.clip(total / count, -1.0, 1.0)).astype(np.float32)
            for kept, choice, total in zip(decision, choices, sums, strict=True)
        ]
        for decision in actions[-count:]
    ]


def _quieten(actions: list[Actions], tries: _Tries) -> list[Actions]:
    """Replace parts by doing nothing."""
    size = max(1, len(actions) // 2)
    while tries.are_left:
        for begin in range(0, len(actions), size):
            part = actions[begin : begin + size]
            changed = actions[:begin] + [_nothing(decision) for decision in part] + actions[begin + size :]
            if any(array.any() for decision in part for array in decision):
                actions = tries(changed) or actions
        if size == 1:
            break
        size //= 2
    return actions


def _nothing(decision: Actions) -> Actions:
    return [np.zeros_like(array) for array in decision]
