"""A real Tune experiment, recorded, broken off and restored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.made_up import make_sweep, pretend_training

from spacetime_rl.tracking import names
from spacetime_rl.tracking.callback import MlflowCallback
from spacetime_rl.tracking.store import Store


@pytest.mark.usefixtures("ray_cluster")
def test_a_restored_experiment_continues_its_runs(tmp_path: Path, store: Store, client: Any) -> None:
    from ray import tune

    sweep = make_sweep(tmp_path, "restored")
    flag = tmp_path / "fail"
    flag.touch()
    space = {"iterations": 4, "fail_at": 3, "fail_while": str(flag), "training.lr": tune.grid_search([1e-3, 1e-4])}
    settings = tune.RunConfig("tune", str(tmp_path), callbacks=[MlflowCallback(sweep, store)], verbose=0)
    tune.Tuner(pretend_training, param_space=space, run_config=settings).fit()
    assert statuses(client) == {"sweep": "FAILED", "0.001": "FAILED", "0.0001": "FAILED"}

    flag.unlink()
    restored = tune.Tuner.restore(str(tmp_path / "tune"), pretend_training, resume_errored=True, param_space=space)
    restored.fit()

    assert statuses(client) == {"sweep": "FINISHED", "0.001": "FINISHED", "0.0001": "FINISHED"}
    for run in runs(client):
        if run.data.tags[names.KIND] == "trial":
            points = client.get_metric_history(run.info.run_id, "training_iteration")
            assert [point.value for point in points] == [1, 2, 3, 4]
            assert run.data.tags["error"].endswith("RuntimeError: the game is gone")


def runs(client: Any) -> list[Any]:
    experiment = client.get_experiment_by_name("vr_interaction")
    found = client.search_runs([experiment.experiment_id], f"tags.`{names.RUN_ID}` = 'restored'")
    return list(found)


def statuses(client: Any) -> dict[str, str]:
    """Status of the parent (`sweep`) and of each trial, by its learning rate."""
    return {
        "sweep" if run.data.tags[names.KIND] == "sweep" else run.data.params["training.lr"]: run.info.status
        for run in runs(client)
    }
