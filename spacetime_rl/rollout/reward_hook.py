"""A user's Python function that computes the rewards that policies learn from, called per policy and decision."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config.user_code import load_function
from spacetime_rl.errors import RewardHookError

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class RewardStep:
    """One decision of the n agents of a policy. All arrays are copies that the function may change.

    For an agent whose episode ended, `next_observations` holds the last observation of that episode. For agents that
    waited, `acted` is false and the returned reward is ignored.
    """

    policy: str
    observations: Floats  # [n, obs_dim], before the decision
    actions: Floats  # [n, action_size], as the policy chose them
    rewards: Floats  # [n], as the game computed them
    next_observations: Floats  # [n, obs_dim]
    terminated: NDArray[np.bool_]  # [n]
    truncated: NDArray[np.bool_]  # [n]
    acted: NDArray[np.bool_]  # [n]


@dataclass(frozen=True, slots=True)
class HookPlace:
    """The location of the function: `module.function`, in `folder` or on Python's import path."""

    path: str
    folder: Path


class RewardHook:
    """The loaded function, whose results are checked. Raises ConfigError where it cannot be loaded."""

    def __init__(self, place: HookPlace) -> None:
        self._path = place.path
        self._function: Callable[[RewardStep], object] = load_function("rewards.hook", place.path, place.folder)

    def __call__(self, step: RewardStep) -> Floats:
        """The rewards f32[n] to learn from. Raises RewardHookError."""
        try:
            answer = np.asarray(self._function(step))
        except Exception as error:  # any exception of the user's function
            raise self._wrong(step, f"{_place_of(error)}{type(error).__name__}: {error}") from error
        if answer.dtype.kind not in "biuf":
            raise self._wrong(step, f"returned an array of {answer.dtype.name}, expected numbers")
        with np.errstate(over="ignore"):  # a value beyond float32 becomes infinite, which is refused below
            found = answer.astype(np.float32)
        if found.shape != step.acted.shape:
            raise self._wrong(step, f"returned shape {found.shape}, expected one reward per agent, {step.acted.shape}")
        if not np.isfinite(found[step.acted]).all():
            raise self._wrong(step, f"returned {found[step.acted].tolist()}, expected finite numbers")
        return np.where(step.acted, found, np.float32(0.0))

    def _wrong(self, step: RewardStep, what: str) -> RewardHookError:
        return RewardHookError(f"rewards.hook: {self._path}, for policy {step.policy!r}: {what}")


def _place_of(error: Exception) -> str:
    """`file:line: ` of the last frame in a file that the error's traceback contains."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<")]
    return f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
