"""What a run needs on other machines, MLflow and a Ray cluster: asked before anything is begun."""

from __future__ import annotations

from spacetime_rl.config import RunConfig
from spacetime_rl.tracking.store import check_answers, resolve_store
from spacetime_rl.tuning.cluster_address import find_cluster


def check_reachable(config: RunConfig) -> None:
    """Raise UsageError for an address that is none, TrackingError or ClusterError where nobody answers."""
    check_answers(resolve_store(config.results, config.tracking.uri))
    find_cluster()
