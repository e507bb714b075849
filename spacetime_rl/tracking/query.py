"""Find runs in MLflow. Only this module writes MLflow's filter language, which has no escapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow import MlflowClient

_NEWEST_FIRST = ["attributes.start_time DESC"]
# A quote, a wildcard or a backslash in a value would be read as part of the language.
_SPECIAL = re.compile(r"[^\w\- .:/@+=,~]", flags=re.ASCII)


def find_run(client: MlflowClient, experiment_id: str, tags: Mapping[str, str], since_ms: int = 0) -> Any | None:
    """The newest run with all these tags that began at `since_ms` (Unix time in ms) or later; None if there is none."""
    return next(find_runs(client, experiment_id, tags, since_ms), None)


def find_runs(client: MlflowClient, experiment_id: str, tags: Mapping[str, str], since_ms: int = 0) -> Iterator[Any]:
    """All runs with these tags since `since_ms`, newest first. The values of `tags` may be any text; keys are ours."""
    wanted = [f"attributes.start_time >= {since_ms}", *(_condition(key, value) for key, value in tags.items())]
    page = None
    while True:
        found = client.search_runs(
            [experiment_id], " and ".join(wanted), max_results=100, order_by=_NEWEST_FIRST, page_token=page
        )
        yield from (run for run in found if tags.items() <= run.data.tags.items())
        page = found.token
        if not page:
            return


def _condition(key: str, value: str) -> str:
    """A condition that all runs with this tag meet. Others may meet it: special characters become the wildcard `_`."""
    if _SPECIAL.search(value):
        return f"tags.`{key}` LIKE '{_SPECIAL.sub('_', value)}'"
    return f"tags.`{key}` = '{value}'"
