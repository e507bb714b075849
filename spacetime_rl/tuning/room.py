"""Warns that a run waits for room in the cluster: Tune itself waits for ever without a message."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from spacetime_rl.tuning import private_ray

_SAY_AFTER_S, _SAY_EVERY_S = 15.0, 60.0  # seconds before the first warning and between warnings
_PATIENCE_S = 90.0  # seconds before a warning if the cluster has room: a trial's processes take time to start

logger = logging.getLogger(__name__)


class WaitingForRoom(Callback):  # type: ignore[misc]  # ray has no types
    """Warns if no trial is running and every trial waits for resources."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._next_s = _SAY_AFTER_S

    def on_step_end(self, trials: Sequence[Any], **_: Any) -> None:
        """Check after each of Tune's loops. Raises RayStartError if a private Ray has ended."""
        waiting = [trial for trial in trials if trial.status == Trial.PENDING]
        if not waiting or any(trial.status == Trial.RUNNING for trial in trials):
            self._since_s, self._next_s = None, _SAY_AFTER_S
            return
        now_s = time.monotonic()
        self._since_s = now_s if self._since_s is None else self._since_s
        if now_s - self._since_s >= self._next_s:
            self._next_s += _SAY_EVERY_S
            import ray

            private_ray.check_lives()
            factory = waiting[0].placement_group_factory
            needed, there = dict(factory.required_resources), ray.cluster_resources()
            waited_s = now_s - self._since_s
            if lacks(needed, there):
                logger.warning(describe(needed, there, ray.available_resources()))
            elif waited_s >= _PATIENCE_S:
                reserved = is_reserved(factory.bundles)
                logger.warning(slow(waited_s) if reserved else describe(needed, there, ray.available_resources()))


def is_reserved(bundles: Sequence[Mapping[str, float]]) -> bool:
    """Whether the cluster has reserved such resources, of this run or of another with the same ones."""
    from ray.util import placement_group_table

    groups = placement_group_table().values()
    return any(g["state"] == "CREATED" and list(g["bundles"].values()) == list(bundles) for g in groups)


def slow(waited_s: float) -> str:
    """The warning for a trial that has its resources and whose processes have not come up."""
    return (
        f"the trial's processes have been starting for {waited_s:.0f} s: their node loads torch and Ray first, which "
        "takes minutes where its disk is slow or busy; `ray logs cluster` has what they print"
    )


def lacks(needed: Mapping[str, float], there: Mapping[str, float]) -> bool:
    """Whether the whole cluster has less than `needed`, even if nothing else ran on it."""
    return any(needed.get(kind, 0.0) > there.get(kind, 0.0) for kind in ("CPU", "GPU"))


def describe(needed: Mapping[str, float], there: Mapping[str, float], free: Mapping[str, float]) -> str:
    """The warning: the resources that are waited for, and whether they can become free at all."""
    kinds = [kind for kind in ("CPU", "GPU") if needed.get(kind)]
    wanted = " and ".join(f"{needed[kind]:g} {kind}s" for kind in kinds) or "its resources"
    have = " and ".join(f"{there.get(kind, 0.0):g} {kind}s, {free.get(kind, 0.0):g} of them free" for kind in kinds)
    said = f"waiting for {wanted}: the cluster has {have or 'none'}"
    if lacks(needed, there):
        return (
            f"{said}; add nodes, or take fewer runners (rollout.runners) or less for each (resources.cpus_per_runner)"
        )
    return f"{said}; `ray status` shows who uses the others"
