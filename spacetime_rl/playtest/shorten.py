"""Make the episode of a finding shorter: fewer decisions and simpler actions that still show the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from spacetime_rl.playtest.play import Actions

Shows = Callable[[Sequence[Actions]], bool]  # whether these actions still show the finding


def shorten(actions: Sequence[Actions], shows: Shows, tries: int) -> list[Actions]:
    """The shortest actions found in at most `tries` tries for which `shows` is true, as it is for `actions`.

    First decisions are left out, in halves, then quarters and so on, as delta debugging does (Zeller and Hildebrandt
    2002). Then parts of what is left are replaced by doing nothing.
    """
    budget = _Budget(shows, tries)
    return _quieten(_leave_out(list(actions), budget), budget)


class _Budget:
    def __init__(self, shows: Shows, tries: int) -> None:
        self._shows = shows
        self._left = tries

    def allows(self) -> bool:
        return self._left > 0

    def __call__(self, actions: Sequence[Actions]) -> bool:
        self._left -= 1
        return self._shows(actions)


def _leave_out(actions: list[Actions], shows: _Budget) -> list[Actions]:
    size = len(actions) // 2
    while size >= 1 and shows.allows():
        begin = 0
        while begin < len(actions) and shows.allows():
            rest = actions[:begin] + actions[begin + size :]
            if rest and shows(rest):
                actions = rest
            else:
                begin += size
        size //= 2
    return actions


def _quieten(actions: list[Actions], shows: _Budget) -> list[Actions]:
    size = max(1, len(actions) // 2)
    while size >= 1 and shows.allows():
        for begin in range(0, len(actions), size):
            part = actions[begin : begin + size]
            if not any(array.any() for decision in part for array in decision):
                continue
            calm = [[np.zeros_like(array) for array in decision] for decision in part]
            changed = actions[:begin] + calm + actions[begin + size :]
            if not shows.allows():
                break
            if shows(changed):
                actions = changed
        if size == 1:
            break
        size //= 2
    return actions
