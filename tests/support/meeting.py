"""A user's callback with which the trials of a sweep wait for each other, however late the machine starts them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ray.rllib.callbacks.callbacks import RLlibCallback

from spacetime_rl.learning.other_trials import read_plan
from spacetime_rl.runs.layout import others_of, snapshots_of

_LONGEST_S = 300.0


class Meeting(RLlibCallback):  # type: ignore[misc]  # ray has no types
    """After each iteration a trial waits until another one of its sweep has a snapshot of the policy `walker`."""

    def on_train_result(self, *, algorithm: Any, **_: Any) -> None:
        """Wait. Raises TimeoutError."""
        trial, deadline = Path(algorithm._storage.trial_fs_path), time.monotonic() + _LONGEST_S
        while not any(
            read_plan(other, "walker") and snapshots_of(other, "walker") for other in others_of(trial).values()
        ):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no other trial has begun after {_LONGEST_S:g} s")
            time.sleep(0.1)
