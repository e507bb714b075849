"""Watches whether the learner's gradient steps are taken or skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from spacetime_rl.errors import NothingLearned
from spacetime_rl.notices import Notice

PATIENCE = 10  # updates in a row that may change nothing before training ends
_CAUSE = "their gradient was zero or not finite; are its rewards or observations too large?"


class StepWatch:
    """Compares the counts of gradient steps after every update. A resumed run begins with its checkpoint's counts."""

    def __init__(self) -> None:
        self._due: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._in_vain = 0  # updates in a row without a gradient step

    def resume(self, due: Mapping[str, int], left_out: Mapping[str, int]) -> None:
        """Begin with these counts."""
        self._due, self._left_out = Counter(due), Counter(left_out)

    def after_update(self, due: Mapping[str, int], left_out: Mapping[str, int]) -> list[Notice]:
        """A notice for every policy with skipped gradient steps in this update. `due` and `left_out` are by policy.

        Raises NothingLearned when no policy took a step for `PATIENCE` updates in a row.
        """
        new_due = sum(due.values()) - self._due.total()
        new = {policy: count - self._left_out[policy] for policy, count in left_out.items()}
        self.resume(due, left_out)
        if new_due:
            self._in_vain = self._in_vain + 1 if sum(new.values()) >= new_due else 0
        if self._in_vain >= PATIENCE:
            raise nothing_learned(f"in the last {PATIENCE} updates")
        return [left_out_notice(policy, count) for policy, count in new.items() if count]


def left_out_notice(policy: str, steps: int) -> Notice:
    """The notice of skipped gradient steps: `policy pilot: 12 gradient steps left out, …`."""
    return Notice(f"policy {policy}: {{n}} gradient steps left out, {_CAUSE}", steps)


def nothing_learned(when: str) -> NothingLearned:
    """The error of a run that cannot learn; `when` is the period in words."""
    return NothingLearned(
        f"nothing was learned {when}: every gradient step of every policy was left out, {_CAUSE} "
        "Scale them to about -10 to 10, and look for what sends the large ones"
    )
