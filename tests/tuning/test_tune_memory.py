"""What Tune keeps of a trial's iterations: nothing that grows with them."""

from __future__ import annotations

import gc
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from ray.air.execution._internal import RayActorManager
from ray.util import debug

from spacetime_rl.tuning.tune_memory import forgetting
from spacetime_rl.tuning.tune_state import saved_often

ITERATIONS = 40


class Kept(tune.Callback):  # type: ignore[misc]  # Ray has no types here
    """Counts, at the last result, the answers that Tune still holds."""

    answers = -1

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        if result["training_iteration"] == ITERATIONS:
            managers = [thing for thing in gc.get_objects() if isinstance(thing, RayActorManager)]
            held = [manager._tracked_actors_to_task_futures.values() for manager in managers]
            self.answers = max(len(futures) for of_one in held for futures in of_one)


def run(folder: Path, way: AbstractContextManager[None]) -> tuple[int, int]:
    """How many answers of the trial Tune held at its end, and how many texts of its state."""

    def trial(_: dict[str, Any]) -> None:  # inside, or Ray's workers would import it from this file
        for i in range(ITERATIONS):
            tune.report({"number": i})

    debug.reset_log_once()
    kept = Kept()
    with way, saved_often(1):
        tune.run(
            trial,
            callbacks=[kept],
            storage_path=str(folder),
            resources_per_trial={"cpu": 1},
            verbose=0,
        )
    return kept.answers, sum(key.startswith("tune_func_encode:") for key in debug._logged)


@pytest.mark.usefixtures("ray_cluster")
def test_nothing_that_tune_keeps_grows_with_the_iterations(tmp_path: Path) -> None:
    answers, texts = run(tmp_path, forgetting())

    assert 0 <= answers <= 3
    assert texts == 0


@pytest.mark.usefixtures("ray_cluster")
def test_tune_itself_keeps_everything_or_this_module_may_go(tmp_path: Path) -> None:
    answers, texts = run(tmp_path, nullcontext())

    assert answers >= ITERATIONS
    assert texts > 0
