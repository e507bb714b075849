"""Checks of the services of a run: MLflow and Ray."""

from __future__ import annotations

import os
from pathlib import Path

from spacetime_rl.errors import SpacetimeError
from spacetime_rl.host.scratch import scratch_folder
from spacetime_rl.host.system import cores


def mlflow() -> str:
    """Check that the store of $MLFLOW_TRACKING_URI answers; if unset, write a run to a new database and read it."""
    from spacetime_rl.tracking.store import make_client, resolve_store

    chosen = os.environ.get("MLFLOW_TRACKING_URI")
    with scratch_folder("doctor") as folder:
        if chosen:
            make_client(resolve_store(Path(folder))).search_experiments(max_results=1)
            return f"{chosen} answers"
        client = make_client(resolve_store(Path(folder), environ={}))
        run = client.create_run(client.create_experiment("doctor")).info.run_id
        client.log_metric(run, "answer", 42.0)
        found = client.get_run(run).data.metrics
    if found != {"answer": 42.0}:
        raise SpacetimeError(f"wrote the metric answer = 42, read back {found}")
    return "wrote a run to a database and read it back"


def ray() -> str:
    """Check that Ray starts on this machine and runs a task."""
    import ray

    from spacetime_rl.tuning import private_ray
    from spacetime_rl.tuning.ray_session import start_private_ray

    start_private_ray(cpus=1, object_store_bytes=100_000_000)
    try:
        pid = ray.get(ray.remote(lambda: os.getpid()).remote(), timeout=60)
    finally:
        private_ray.stop()
    return f"started and ran a task (process {pid}); {cores()} CPUs may be used here"
