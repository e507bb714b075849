"""Find the MLflow page that a user wants to see: of a run, a sweep's trials or an experiment."""

from __future__ import annotations

from spacetime_rl.tracking import names
from spacetime_rl.tracking.addresses import HOME, experiment_page, run_page, trials_page
from spacetime_rl.tracking.dead_runs import close_all_dead_runs
from spacetime_rl.tracking.query import find_runs
from spacetime_rl.tracking.store import Store, make_client


def find_page(store: Store, run_id: str | None = None) -> str:
    """The page of a run by our run id; for a sweep of several trials, the page that compares them.

    Without `run_id` it is the page of the only experiment, or the list of all experiments. Runs whose process is gone
    are closed first, so that the page does not show them as running.
    """
    client = make_client(store)
    close_all_dead_runs(store)
    experiments = [e for e in client.search_experiments(order_by=["last_update_time DESC"]) if e.experiment_id != "0"]
    if run_id is None:
        return experiment_page(experiments[0].experiment_id) if len(experiments) == 1 else HOME
    for experiment in experiments:
        found = list(find_runs(client, experiment.experiment_id, {names.RUN_ID: run_id}))
        if any(run.data.tags.get(names.KIND) == "sweep" for run in found) and len(found) > 2:
            return trials_page(experiment.experiment_id, run_id)
        if found:
            best = next((run for run in found if names.TRIAL_ID in run.data.tags), found[0])
            return run_page(experiment.experiment_id, best.info.run_id)
    return HOME
