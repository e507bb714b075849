"""Where MLflow's pages are: the part of an address behind that of the server."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from spacetime_rl.tracking import names

_TRAINING = "workflowType=machine_learning"  # without it MLflow shows its menu for language models
HOME = f"/#/experiments?{_TRAINING}"


def run_page(experiment_id: str, run_id: str) -> str:
    """The page of one run; `run_id` is MLflow's."""
    return f"/#/experiments/{experiment_id}/runs/{run_id}?{_TRAINING}"


def experiment_page(experiment_id: str) -> str:
    """The runs of an experiment."""
    return f"/#/experiments/{experiment_id}/runs?{_TRAINING}"


def trials_page(experiment_id: str, sweep: str) -> str:
    """The trials of a sweep, side by side with their curves."""
    # The page's own filter takes no quotes in a value: it is for people who name their runs plainly.
    wanted = f"tags.`{names.RUN_ID}` = '{sweep}' and tags.`{names.KIND}` = 'trial'"
    order = {"searchFilter": wanted, "orderByKey": "attributes.`run_name`", "compareRunsMode": "CHART"}
    query = urlencode(order, quote_via=quote)
    return f"/#/experiments/{experiment_id}/runs?{_TRAINING}&{query}"
