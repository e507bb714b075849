"""The addresses of MLflow's pages, relative to the server."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from spacetime_rl.tracking import names

_TRAINING = "workflowType=machine_learning"  # without it, MLflow shows its menu for language models
HOME = f"/#/experiments?{_TRAINING}"


def run_page(experiment_id: str, run_id: str) -> str:
    """The page of one run; `run_id` is the id that MLflow gave it."""
    return f"/#/experiments/{experiment_id}/runs/{run_id}?{_TRAINING}"


def experiment_page(experiment_id: str) -> str:
    """The page that lists the runs of an experiment."""
    return f"/#/experiments/{experiment_id}/runs?{_TRAINING}"


def trials_page(experiment_id: str, sweep: str) -> str:
    """The page that shows the trials of a sweep side by side, with their curves."""
    # The page's filter takes no quotes in a value, so that a run id with quotes does not work here.
    wanted = f"tags.`{names.RUN_ID}` = '{sweep}' and tags.`{names.KIND}` = 'trial'"
    order = {"searchFilter": wanted, "orderByKey": "attributes.`run_name`", "compareRunsMode": "CHART"}
    query = urlencode(order, quote_via=quote)
    return f"/#/experiments/{experiment_id}/runs?{_TRAINING}&{query}"
