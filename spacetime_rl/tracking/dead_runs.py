"""Close runs that are RUNNING in MLflow although their process is gone, when their experiment is used again."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from spacetime_rl.runs.state import read_state
from spacetime_rl.tracking import names
from spacetime_rl.tracking.store import Store, make_client

if TYPE_CHECKING:
    from mlflow import MlflowClient

logger = logging.getLogger(__name__)

_MOST = 200  # runs that are looked at
_ENDINGS = {"finished": "FINISHED", "failed": "FAILED"}  # any other status becomes KILLED


def close_dead_runs(client: MlflowClient, experiment_id: str) -> int:
    """Close the RUNNING runs of an experiment on which no process works, by their folders. Returns their number.

    A run whose folder is not visible from this machine is left alone: another machine may train it.
    """
    closed = 0
    for run in client.search_runs([experiment_id], "attributes.status = 'RUNNING'", max_results=_MOST):
        folder = run.data.tags.get(names.FOLDER)
        state = read_state(Path(folder)) if folder else None
        if state is None or not state.is_over:
            continue
        client.set_terminated(run.info.run_id, _ENDINGS.get(state.status, "KILLED"), int(state.updated * 1000))
        closed += 1
    return closed


def close_all_dead_runs(store: Store) -> int:
    """Close the dead runs of all experiments of a store. Returns 0, and logs it, if MLflow does not answer."""
    try:
        client = make_client(store)
        return sum(close_dead_runs(client, found.experiment_id) for found in client.search_experiments())
    except Exception as error:  # the caller can still show the runs without MLflow
        logger.warning("MLflow at %s does not answer: %s", store.uri, error)
        return 0
