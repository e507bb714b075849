"""Checks the actions of every game, whichever wire protocol it uses: an invalid action never reaches a game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.spec import ActionField, PolicyLayout


@dataclass(frozen=True, slots=True)
class ActionMistake:
    """What is wrong with the action in row `row`, or with the whole array where `row` is None."""

    row: int | None
    what: str


class ActionCheck:
    """Checks the actions of one policy's agents: choices are whole and in range, numbers lie in [-1, 1].

    With `scripts`, an action that is NaN throughout is accepted, too: the game's script acts for that agent.
    """

    def __init__(self, agents: int, layout: PolicyLayout, scripts: bool = False) -> None:
        self._fields = [field for field in layout.actions for _ in range(field.width)]
        self.shape = (agents, layout.action_size)
        choices = [field.kind == "discrete" for field in self._fields]
        self._choices = np.flatnonzero(choices)
        self._low = np.where(choices, 0.0, -1.0).astype(np.float32)
        self._high = np.array([_highest(field) for field in self._fields], np.float32)
        self._scripts = scripts

    def accepts(self, action: NDArray[np.float32]) -> bool:
        """Whether the game accepts this array unchanged. An array with a NaN is refused."""
        if getattr(action, "shape", None) != self.shape or action.dtype.kind not in "fiub":
            return False
        action = self._given(action)
        chosen = action[:, self._choices]
        inside = bool(((action >= self._low) & (action <= self._high)).all())
        return inside and (not len(self._choices) or bool((chosen == np.floor(chosen)).all()))

    def mistake_in(self, action: NDArray[np.float32]) -> ActionMistake | None:
        """Why the game refuses this array; None where clipping the array is enough."""
        if getattr(action, "shape", None) != self.shape or action.dtype.kind not in "fiub":
            found = getattr(action, "shape", type(action).__name__)
            kind = f" of {action.dtype}" if isinstance(action, np.ndarray) and action.dtype.kind not in "fiub" else ""
            return ActionMistake(None, f"expected an array of numbers of shape {self.shape}, found {found}{kind}")
        action = self._given(action)
        for row, column in np.argwhere(~np.isfinite(action)).tolist():
            return ActionMistake(row, f"{self._fields[column].name!r} is not finite: {action[row]}")
        chosen = action[:, self._choices]
        wrong = (chosen != np.floor(chosen)) | (chosen < 0) | (chosen > self._high[self._choices])
        for row, column in np.argwhere(wrong).tolist():
            field, value = self._fields[self._choices[column]], chosen[row, column]
            return ActionMistake(
                row, f"{field.name!r} is {value:g}, expected a whole number from 0 to {field.size - 1}"
            )
        return None

    def clip(self, action: NDArray[np.float32]) -> NDArray[np.float32]:
        """The nearest array that the game accepts; actions that are NaN stay so."""
        return action.clip(self._low, self._high)

    def farthest(self, action: NDArray[np.float32]) -> float:
        """The number that lies farthest outside its range."""
        action = self._given(action)
        outside = np.maximum(self._low - action, action - self._high)
        return float(action.flat[int(outside.argmax())])

    def _given(self, action: NDArray[np.float32]) -> NDArray[np.float32]:
        """The actions with a harmless one in place of each that the game's script chooses."""
        if not self._scripts:
            return action
        return np.where(np.isnan(action).all(axis=1, keepdims=True), np.float32(0.0), action)


def _highest(field: ActionField) -> float:
    return field.size - 1.0 if field.kind == "discrete" else 1.0
