"""Lets Tune forget what it keeps of every iteration and never reads again.

Tune of Ray 2.60 keeps the reference of every result of a trial, and so Ray keeps the result. When Tune writes its
state, it also keeps the text of every object in it that JSON has no form for, so that its debug log says it only once.
Together that was 90 kB an iteration in the command's process: 320 MB an hour where an iteration takes a second.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ray.air.execution._internal import RayActorManager
from ray.tune.execution import tune_controller
from ray.tune.utils import serialization


class ForgettingActorManager(RayActorManager):  # type: ignore[misc]  # Ray has no types here
    """Tune's calls of its trials' actors. It holds the references of those that have not answered yet."""

    def next(self, timeout: float | None = None) -> bool:
        """Wait for one answer and handle it, as Tune's own does. Returns whether there was one."""
        handled: bool = super().next(timeout)
        pending = self._actor_task_events.get_futures()
        for futures in self._tracked_actors_to_task_futures.values():
            futures.intersection_update(pending)
        return handled


@contextlib.contextmanager
def forgetting() -> Iterator[None]:
    """Have experiments that Tune runs inside forget."""
    manager, log_once = tune_controller.RayActorManager, serialization.log_once
    tune_controller.RayActorManager = ForgettingActorManager
    serialization.log_once = lambda _key: False
    try:
        yield
    finally:
        tune_controller.RayActorManager, serialization.log_once = manager, log_once
