"""Check, before a run begins, that the services it needs answer: MLflow and a Ray cluster."""

from __future__ import annotations

from spacetime_rl.config import RunConfig
from spacetime_rl.tracking.store import check_answers, resolve_store
from spacetime_rl.tuning.cluster_address import find_cluster


def check_reachable(config: RunConfig) -> None:
    """Raise UsageError for an invalid address, TrackingError or ClusterError if nothing answers there."""
    check_answers(resolve_store(config.results, config.tracking.uri))
    find_cluster()
